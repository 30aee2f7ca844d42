/** JSON and binary messages of the kiosk (`station.kiosk`). */

import type {
  CameraInfo,
  Conditions,
  Dermoscope,
  Light,
  Overlay,
  Patient,
  Preparation,
  QualityReport,
  Verdict,
  View,
  VisitProtocol,
} from "./protocol";

export type Phase = "starting" | "ready" | "shooting" | "fault";
export type Step = "none" | "framing" | "ready" | "shooting" | "review" | "finished" | "aborted" | "failed";
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
  override: string;
  taken_again: number;
}

export interface VisitStatus {
  study_instance_uid: string;
  opened_at: number;
  stills: StillStatus[];
  closed: boolean;
  complete: boolean;
  message: string;
  step: Step;
  patient: Patient;
  view: View;
  retaking: number | null;
  shoots_in_s: number | null;
  wanting: string[];
  acclimatised_at: number | null;
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

export interface WorklistEntry {
  key: string;
  patient: Patient;
  scheduled_at: number | null;
  accession_number: string;
  description: string;
  done: boolean;
}

export interface WorklistStatus {
  configured: boolean;
  entries: WorklistEntry[];
  told_at: number | null;
  problem: string;
  searchable: boolean;
}

export interface WorklistFound {
  entries: WorklistEntry[];
  problem: string;
  more: boolean;
}

export interface DiskStatus {
  used_bytes: number;
  limit_bytes: number;
  visits_left: number | null;
  problem: string;
}

export interface InstrumentStatus {
  name: string;
  driver: string;
  ready: boolean;
  detail: string;
}

export interface CheckPoint {
  name: string;
  value: number | null;
  reference: number | null;
  drift: number | null;
  unit: string;
  verdict: Verdict;
  advice: string;
  warn: number | null;
  fail: number | null;
}

export interface CalibrationStatus {
  record: string;
  made_at: number | null;
  expires_at: number | null;
  taken_up_at: number | null;
  problem: string;
  running: string;
  failed: string;
  checked_at: number | null;
  verdict: Verdict | "";
  points: CheckPoint[];
}

export interface CalibrationCheck {
  at: number;
  verdict: Verdict;
  points: CheckPoint[];
}

/** Centre as shares of width and height, width of the face box as a share of the height, degrees. */
export interface Guide {
  x: number;
  y: number;
  size: number;
  yaw: number;
  pitch: number;
  roll: number;
}

export interface BoothState {
  booth_id: string;
  phase: Phase;
  protocol: VisitProtocol;
  problem: string;
  camera: CameraInfo | null;
  dermoscope: Dermoscope | null;
  light: Light | null;
  uplink: UplinkStatus;
  visit: VisitStatus | null;
  worklist: WorklistStatus;
  disk: DiskStatus;
  instruments: InstrumentStatus[];
  calibration: CalibrationStatus;
  guides: Partial<Record<View, Guide>>;
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
  patient: Patient;
  preparation: Preparation;
  conditions: Conditions;
  worklist_key: string;
  site: number | null;
}

/** Splits a binary message: length of the JSON (4 bytes, big endian), the JSON, the JPEG. */
export function unpackPicture(data: ArrayBuffer): { header: PictureHeader; jpeg: Blob } {
  const length = new DataView(data).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(data, 4, length));
  const jpeg = new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" });
  return { header: JSON.parse(text) as PictureHeader, jpeg };
}
