/** JSON of the server's HTTP interface (`server.api.schemas`). */

import type {
  CameraInfo,
  Conditions,
  Dermoscope,
  Exposure,
  Face,
  Layer,
  Light,
  Measure,
  Order,
  OrderEntry,
  Patient,
  Preparation,
  QualityReport,
  Verdict,
  View,
} from "./protocol";

export interface Problem {
  title: string;
  status: number;
  detail?: string;
}

export interface SessionInfo {
  subject: string;
  scopes: string[];
  person: PersonInfo | null;
}

export interface PersonInfo {
  name: string;
  organization: string;
}

export interface SignatureInfo {
  id: string;
  account: string;
  signer: PersonInfo;
  signed_at: number;
  current: boolean;
  report: boolean;
}

export type Hindrance = "" | "open" | "correcting" | "analysing" | "failed" | "no_report" | "deleted";

export interface SignaturePage {
  content: string;
  hindrance: Hindrance;
  signer: PersonInfo | null;
  signatures: SignatureInfo[];
}

export interface LivePreview {
  width: number;
  height: number;
  received: number;
  answered: number;
  dropped: number;
  viewers: number;
  latency_ms: number | null;
}

export interface LastStill {
  sop_instance_uid: string;
  study_instance_uid: string;
  view: View;
  light: Light;
  captured_at: number;
  verdict: Verdict | null;
  by_server: boolean;
  picture: boolean;
}

export interface BoothInfo {
  booth_id: string;
  software: string;
  first_seen: number;
  last_seen: number;
  connected: boolean | null;
  preview: LivePreview | null;
  last_visit: VisitSummary | null;
  last_still: LastStill | null;
}

export interface VisitSummary {
  study_instance_uid: string;
  booth_id: string;
  opened_at: number;
  closed_at: number | null;
  complete: boolean | null;
  patient: Patient;
  protocol: string;
  preparation: Preparation;
  expected: number;
  stored: number;
  verdict: Verdict | null;
  cover: string | null;
  ordered: boolean;
}

export interface VisitPage {
  visits: VisitSummary[];
  next_before: number | null;
}

export interface StepInfo {
  step: string;
  state: "blocked" | "ready" | "running" | "done" | "failed";
  attempts: number;
  error: string;
}

export interface InstanceInfo {
  sop_instance_uid: string;
  sop_class_uid: string;
  modality: string;
  created_at: number;
}

export interface StillInfo {
  sop_instance_uid: string;
  study_instance_uid: string;
  series_number: number;
  instance_number: number;
  view: View;
  light: Light;
  width: number;
  height: number;
  bit_depth: number;
  captured_at: number;
  received_at: number;
  exposure: Exposure | null;
  camera: CameraInfo | null;
  dermoscope: Dermoscope | null;
  px_per_mm: number | null;
  calibration: string | null;
  face: Face | null;
  face_sought: boolean;
  verdict: Verdict | null;
  picture: boolean;
  layers: Layer[];
  replaces: string | null;
  replaced_by: string | null;
  override: string;
  rejected: boolean;
  steps: StepInfo[];
  instances: InstanceInfo[];
}

export interface VisitDetail {
  visit: VisitSummary;
  conditions: Conditions;
  order: Order | null;
  stills: StillInfo[];
  replaced: StillInfo[];
  rejected: StillInfo[];
  corrections: CorrectionInfo[];
}

export type Cause =
  | "motion_blur"
  | "under_exposed"
  | "over_exposed"
  | "positioning"
  | "artifact"
  | "other"
  | "patient_safety"
  | "worklist_entry"
  | "retention";

export interface CorrectionInfo {
  id: string;
  kind: "patient" | "merge" | "move" | "order" | "reject";
  study_instance_uid: string;
  still_uid: string | null;
  requested_by: string;
  requested_at: number;
  cause: Cause;
  reason: string;
  before: Patient;
  after: Patient;
  order_before: Order | null;
  order_after: Order | null;
  study_before: string;
  study_after: string;
  state: "waiting" | "running" | "done" | "failed";
  error: string;
  ended_at: number | null;
}

export interface OrderPage {
  told_at: number | null;
  entries: OrderEntry[];
}

export interface StillQuality {
  booth: QualityReport | null;
  server: QualityReport | null;
}

export interface StillMeasures {
  sop_instance_uid: string;
  view: View;
  light: Light;
  measures: Measure[];
}

export interface VisitMeasures {
  study_instance_uid: string;
  stills: StillMeasures[];
}

export interface PastStill {
  sop_instance_uid: string;
  study_instance_uid: string;
  booth_id: string;
  captured_at: number;
  width: number;
  height: number;
  verdict: Verdict | null;
}

export interface MeasureSeries {
  name: string;
  region: string;
  unit: string;
  values: (number | null)[];
  methods: string[];
  smallest_change: number | null;
}

export interface StillHistory {
  sop_instance_uid: string;
  known_patient: boolean;
  points: PastStill[];
  series: MeasureSeries[];
}

export interface StillAlignment {
  good: boolean;
  reason: string;
  matrix: [number, number, number, number, number, number] | null;
  offset_pct: number | null;
  points: number;
  turn_deg: number;
  scale: number;
}

export type DeliveryState = "waiting" | "sending" | "stored" | "committed" | "parked";

export interface DestinationInfo {
  name: string;
  configured: boolean;
  deliveries: Record<DeliveryState, number>;
  last_success_at: number | null;
}

export interface DeliveryInfo {
  id: number;
  destination: string;
  study_instance_uid: string;
  sop_instance_uid: string;
  still_uid: string;
  kind: string;
  modality: string;
  state: DeliveryState;
  attempts: number;
  next_try_at: number | null;
  reason: string;
  next_step: string;
  created_at: number;
  stored_at: number | null;
  committed_at: number | null;
}

export interface OutboxPage {
  destinations: DestinationInfo[];
  deliveries: DeliveryInfo[];
  next_before: number | null;
}

export interface Retried {
  retried: number;
}

/** How a booth judges its own preview now. */
export interface PreviewVerdict {
  verdict: Verdict;
  advice: string[];
}

export type Notice =
  | {
      type: "LiveState";
      connected: Record<string, boolean>;
      previews: Record<string, LivePreview>;
      judged: Record<string, PreviewVerdict>;
    }
  | { type: "BoothSeen"; booth_id: string; connected: boolean }
  | { type: "VisitChanged"; booth_id: string; study_instance_uid: string }
  | { type: "StillArrived"; booth_id: string; study_instance_uid: string; sop_instance_uid: string }
  | {
      type: "StepEnded";
      study_instance_uid: string;
      sop_instance_uid: string;
      step: string;
      done: boolean;
    };
