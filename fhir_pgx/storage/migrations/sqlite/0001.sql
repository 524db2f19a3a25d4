-- Resources as received. The body is compressed as `codec` says; sha256 is of the body as received.
CREATE TABLE resource (
  tenant TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  patient TEXT NOT NULL,
  full_url TEXT NOT NULL,
  last_updated TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  codec TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant, type, id)
);

CREATE INDEX resource_of_patient ON resource (tenant, patient, type, id);

-- Resources about no patient (a Medication) that a patient's record refers to.
CREATE TABLE resource_referred (
  tenant TEXT NOT NULL DEFAULT '',
  patient TEXT NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, type, id)
);

CREATE TABLE resource_history (
  tenant TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  patient TEXT NOT NULL,
  full_url TEXT NOT NULL,
  last_updated TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  codec TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant, type, id, version)
);

-- patient_hash is a keyed hash: the plain id is not stored here.
CREATE TABLE issued_card (
  tenant TEXT NOT NULL DEFAULT '',
  uuid TEXT NOT NULL,
  topic TEXT NOT NULL,
  rules TEXT NOT NULL,
  hook TEXT NOT NULL,
  service TEXT NOT NULL,
  patient_hash TEXT NOT NULL,
  issued_at TEXT NOT NULL,
  PRIMARY KEY (tenant, uuid)
);

-- id is a hash of the item, so that an item sent twice is kept once.
CREATE TABLE feedback (
  tenant TEXT NOT NULL DEFAULT '',
  id TEXT NOT NULL,
  card TEXT NOT NULL,
  service TEXT NOT NULL,
  outcome TEXT NOT NULL,
  outcome_at TEXT NOT NULL,
  accepted TEXT NOT NULL,
  reason_system TEXT NOT NULL,
  reason_code TEXT NOT NULL,
  reason_display TEXT NOT NULL,
  received_at TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
);

CREATE INDEX feedback_of_card ON feedback (tenant, card, outcome_at, received_at);

-- Free text may hold patient data: apart, so that it can be guarded and cleared by itself.
CREATE TABLE feedback_comment (
  tenant TEXT NOT NULL DEFAULT '',
  feedback TEXT NOT NULL,
  comment TEXT NOT NULL,
  PRIMARY KEY (tenant, feedback)
);

CREATE TABLE secret (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);
