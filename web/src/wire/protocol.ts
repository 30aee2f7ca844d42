/** JSON of the words that booth, server and pages share (`station.protocol`). */

export type Light = "white" | "cross_polarised" | "parallel_polarised" | "uv" | "uncontrolled";
export type View = "front" | "left_45" | "right_45" | "neck" | "unspecified";
export type Preparation = "unspecified" | "cleansed" | "make_up";
export type Verdict = "pass" | "warn" | "fail" | "unknown";
export type Layer =
  | "skin"
  | "melanin"
  | "haemoglobin"
  | "redness"
  | "reflection"
  | "regions"
  | "spots"
  | "trouble"
  | "wrinkles"
  | "pores"
  | "porphyrin"
  | "uv_spots"
  | "acne"
  | "severity"
  | "condition_dryness"
  | "condition_texture"
  | "condition_melasma"
  | "condition_lentigo"
  | "condition_ephelides"
  | "condition_dermatitis"
  | "condition_wrinkles"
  | "condition_clogged_pores";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Landmark {
  x: number;
  y: number;
  confidence: number;
}

export interface HeadPose {
  yaw: number;
  pitch: number;
  roll: number;
}

export interface Face {
  box: Box;
  source: string;
  landmarks: Landmark[];
  pose: HeadPose | null;
}

export interface Contour {
  layer: Layer;
  points: number[];
}

export interface CoarseMap {
  layer: Layer;
  box: Box;
  columns: number;
  rows: number;
  /** Base64 of zlib-compressed rows of uint8. */
  values: string;
}

export interface Overlay {
  frame_id: number;
  width: number;
  height: number;
  faces: Face[];
  contours: Contour[];
  maps: CoarseMap[];
  model: string;
  inference_ms: number;
}

export interface PreviewOverlay {
  rtp_timestamp: number;
  overlay: Overlay;
}

export interface QualityMeasure {
  name: string;
  value: number | null;
  unit: string;
  verdict: Verdict;
  threshold: number | null;
  region: string;
  advice: string;
}

export interface QualityReport {
  verdict: Verdict;
  profile: string;
  recipe: string;
  threshold_version: string;
  measures: QualityMeasure[];
}

export interface Measure {
  region: string;
  name: string;
  value: number | null;
  unit: string;
  method: string;
  reason: string;
}

export interface Exposure {
  time_s: number;
  gain_db: number;
}

export interface CameraInfo {
  manufacturer: string;
  model: string;
  serial: string;
  lens: string;
}

/** What a camera looks through; null: not known. */
export interface Dermoscope {
  contact: boolean | null;
  immersion: "ULTRASOUND_GEL" | "ALCOHOL" | "WATER" | "MINERAL_OIL" | "PLASTIC_CAP" | null;
  polarised: boolean | null;
  magnification: number | null;
  colour_temperature_k: number | null;
}

export interface Patient {
  patient_id: string;
  issuer_of_patient_id: string;
  patient_name: string;
  patient_birth_date: string;
  patient_sex: string;
}

export interface CodedConcept {
  value: string;
  scheme: string;
  meaning: string;
  version: string;
}

export interface Issuer {
  name: string;
  universal_id: string;
  universal_id_type: string;
}

export interface OrderEntry {
  patient: Patient;
  order: Order;
  scheduled_at: number | null;
  begun: boolean;
}

export interface Order {
  study_instance_uid: string | null;
  accession_number: string;
  issuer_of_accession_number: Issuer;
  referring_physician_name: string;
  requested_procedure_id: string;
  requested_procedure_description: string;
  requested_procedure_code: CodedConcept | null;
  reason: string;
  scheduled_step_id: string;
  scheduled_step_description: string;
  scheduled_protocol_codes: CodedConcept[];
  admission_id: string;
  issuer_of_admission_id: Issuer;
  service_episode_id: string;
  reason_for_visit: string;
}

export interface Conditions {
  acclimatised_min: number | null;
  room_c: number | null;
  humidity_pct: number | null;
  products: string;
}

export interface LightStep {
  light: Light;
  power: number;
  exposure: Exposure;
  settle_s: number;
}

export interface LightingRecipe {
  name: string;
  version: number;
  steps: LightStep[];
}

export interface VisitProtocol {
  name: string;
  version: number;
  views: View[];
  recipe: LightingRecipe;
  preparation: Preparation;
  site: BodySite | null;
  sites: BodySite[];
}

export interface BodySite {
  code: CodedConcept;
  side: "left" | "right" | null;
}
