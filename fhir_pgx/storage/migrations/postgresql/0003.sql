-- The first schema on PostgreSQL; its number is that of the same schema on SQLite.
CREATE TABLE feedback (
  tenant TEXT COLLATE "C" DEFAULT '' NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  card TEXT COLLATE "C" NOT NULL,
  service TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  outcome_at TEXT COLLATE "C" NOT NULL,
  accepted TEXT COLLATE "C" NOT NULL,
  reason_system TEXT COLLATE "C" NOT NULL,
  reason_code TEXT COLLATE "C" NOT NULL,
  reason_display TEXT COLLATE "C" NOT NULL,
  received_at TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX feedback_of_card ON feedback (tenant, card, outcome_at, received_at);

CREATE TABLE feedback_comment (
  tenant TEXT COLLATE "C" DEFAULT '' NOT NULL,
  feedback TEXT COLLATE "C" NOT NULL,
  comment TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, feedback)
);

CREATE TABLE genotype_index (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  number BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  gene TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  haplotypes TEXT COLLATE "C" NOT NULL,
  source_class TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, number)
);
CREATE INDEX genotype_of_gene ON genotype_index (tenant, gene, patient);

CREATE TABLE held (
  tenant TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, name)
);

CREATE TABLE issued_card (
  tenant TEXT COLLATE "C" DEFAULT '' NOT NULL,
  uuid TEXT COLLATE "C" NOT NULL,
  topic TEXT COLLATE "C" NOT NULL,
  rules TEXT COLLATE "C" NOT NULL,
  hook TEXT COLLATE "C" NOT NULL,
  service TEXT COLLATE "C" NOT NULL,
  patient_hash TEXT COLLATE "C" NOT NULL,
  issued_at TEXT COLLATE "C" NOT NULL,
  indicator TEXT COLLATE "C" DEFAULT '' NOT NULL,
  source TEXT COLLATE "C" DEFAULT '' NOT NULL,
  drug TEXT COLLATE "C" DEFAULT '' NOT NULL,
  knowledge TEXT COLLATE "C" DEFAULT '' NOT NULL,
  audience_hash TEXT COLLATE "C" DEFAULT '' NOT NULL,
  ordered_sha256 TEXT COLLATE "C" DEFAULT '' NOT NULL,
  said_sha256 TEXT COLLATE "C" DEFAULT '' NOT NULL,
  PRIMARY KEY (tenant, uuid)
);
CREATE INDEX issued_to_audience ON issued_card (tenant, audience_hash, issued_at);
CREATE INDEX issued_when ON issued_card (tenant, issued_at);

CREATE TABLE locator (
  tenant TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  version BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  searchable BIGINT NOT NULL,
  PRIMARY KEY (tenant, type, id)
);
CREATE UNIQUE INDEX locator_of_key ON locator (tenant, patient, key);
CREATE INDEX locator_of_patient ON locator (tenant, patient, type, id);
CREATE INDEX locator_of_type ON locator (tenant, type, updated);
CREATE INDEX locator_unsearched ON locator (tenant, type, id) WHERE searchable = 0;
CREATE INDEX locator_when ON locator (tenant, updated);

CREATE TABLE phenotype_index (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  number BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  gene TEXT COLLATE "C" NOT NULL,
  phenotype TEXT COLLATE "C" NOT NULL,
  stated BIGINT NOT NULL,
  PRIMARY KEY (tenant, patient, key, number)
);
CREATE INDEX phenotype_of_gene ON phenotype_index (tenant, gene, patient);

CREATE TABLE resource (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  full_url TEXT COLLATE "C" NOT NULL,
  updated BIGINT NOT NULL,
  sha256 TEXT COLLATE "C" NOT NULL,
  codec TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (tenant, patient, key)
);

CREATE TABLE resource_history (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  version BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  deleted BIGINT NOT NULL,
  full_url TEXT COLLATE "C" NOT NULL,
  updated BIGINT NOT NULL,
  sha256 TEXT COLLATE "C" NOT NULL,
  codec TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (tenant, patient, key, version)
);
CREATE INDEX history_of_type ON resource_history (tenant, type, updated);
CREATE INDEX history_when ON resource_history (tenant, updated);

CREATE TABLE resource_referred (
  tenant TEXT COLLATE "C" DEFAULT '' NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, type, id)
);

CREATE TABLE search_amount (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  low DOUBLE PRECISION NOT NULL,
  high DOUBLE PRECISION NOT NULL,
  system TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, low, high, system, code)
);
CREATE INDEX search_amount_value ON search_amount (tenant, type, param, low, high, patient, key, system, code);

CREATE TABLE search_link (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  to_type TEXT COLLATE "C" NOT NULL,
  to_id TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, to_type, to_id)
);
CREATE INDEX search_link_value ON search_link (tenant, to_id, to_type, type, param, patient, key);

CREATE TABLE search_moment (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  low BIGINT NOT NULL,
  high BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, low, high)
);
CREATE INDEX search_moment_end ON search_moment (tenant, type, param, high, low, patient, key);
CREATE INDEX search_moment_value ON search_moment (tenant, type, param, low, high, patient, key);

CREATE TABLE search_pair (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  value_code TEXT COLLATE "C" NOT NULL,
  code_system TEXT COLLATE "C" NOT NULL,
  value_system TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, code, value_code, code_system, value_system)
);
CREATE INDEX search_pair_value ON search_pair (tenant, type, param, code, value_code, patient, key, code_system, value_system);

CREATE TABLE search_token (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  system TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, code, system)
);
CREATE INDEX search_token_value ON search_token (tenant, type, param, code, patient, key, system);

CREATE TABLE search_word (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  param TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  head TEXT COLLATE "C" NOT NULL,
  folded TEXT COLLATE "C" NOT NULL,
  exact TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, param, number)
);
CREATE INDEX search_word_value ON search_word (tenant, type, param, head, patient, key);

CREATE TABLE secret (
  name TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE variant_gene (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  number BIGINT NOT NULL,
  gene TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient, key, number, gene)
);
CREATE INDEX variant_gene_value ON variant_gene (tenant, gene, patient, key, number);

CREATE TABLE variant_index (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  key BIGINT NOT NULL,
  number BIGINT NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  genes TEXT COLLATE "C" NOT NULL,
  assembly TEXT COLLATE "C" NOT NULL,
  chromosome TEXT COLLATE "C" NOT NULL,
  scale BIGINT,
  start BIGINT,
  stop BIGINT,
  ref TEXT COLLATE "C",
  alt TEXT COLLATE "C",
  presence TEXT COLLATE "C" NOT NULL,
  source_class TEXT COLLATE "C" NOT NULL,
  zygosity TEXT COLLATE "C" NOT NULL,
  structural BIGINT NOT NULL,
  change_type TEXT COLLATE "C" NOT NULL,
  inner_start BIGINT,
  inner_stop BIGINT,
  outer_start BIGINT,
  outer_stop BIGINT,
  PRIMARY KEY (tenant, patient, key, number)
);
CREATE INDEX variant_of_patient ON variant_index (tenant, patient, assembly, chromosome, scale, start, stop);
CREATE INDEX variant_of_place ON variant_index (tenant, assembly, chromosome, scale, start, stop, patient);
