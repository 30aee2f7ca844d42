/** JSON and binary messages of the kiosk (`station.kiosk`). */

import type {
  CameraInfo,
  Light,
  Overlay,
  Preparation,
  QualityReport,
  View,
  VisitProtocol,
} from "./protocol";

export type Phase = "starting" | "ready" | "shooting" | "fault";
export type StillStage = "waiting" | "lighting" | "taken" | "stored" | "examined" | "analysed" | "failed";

export interface StillStatus {
  view: View;
  light: Light;
  stage: StillStage;
  sop_instance_uid: string;
  quality: QualityReport | null;
  verdict_from: string;
  analysed: number;
  message: string;
}

export interface VisitStatus {
  study_instance_uid: string;
  opened_at: number;
  stills: StillStatus[];
  closed: boolean;
  complete: boolean;
  message: string;
}

export interface UplinkStatus {
  connected: boolean;
  refused: string;
  pending: number;
  parked: number;
  parked_because: string;
  preview_connected: boolean;
  latency_ms: number | null;
  latency_p95_ms: number | null;
  frames_sent: number;
  overlays_received: number;
  dropped: number;
}

export interface BoothState {
  booth_id: string;
  phase: Phase;
  protocol: VisitProtocol;
  problem: string;
  camera: CameraInfo | null;
  light: Light | null;
  uplink: UplinkStatus;
  visit: VisitStatus | null;
}

export interface PictureHeader {
  frame_id: number;
  width: number;
  height: number;
  captured_at: number;
  overlay: Overlay | null;
  hints: QualityReport | null;
}

export interface VisitRequest {
  patient: { patient_id: string };
  preparation: Preparation;
}

/** Splits a binary message: length of the JSON (4 bytes, big endian), the JSON, the JPEG. */
export function unpackPicture(data: ArrayBuffer): { header: PictureHeader; jpeg: Blob } {
  const length = new DataView(data).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(data, 4, length));
  const jpeg = new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" });
  return { header: JSON.parse(text) as PictureHeader, jpeg };
}
