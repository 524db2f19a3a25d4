-- Resources keyed by patient, with what a search finds them by and the index of genomic results.
ALTER TABLE resource RENAME TO resource_0002;
DROP INDEX resource_of_patient;
ALTER TABLE resource_history RENAME TO resource_history_0002;

CREATE TABLE genotype_index (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  gene TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  haplotypes TEXT NOT NULL,
  source_class TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", number)
) WITHOUT ROWID;
CREATE INDEX genotype_of_gene ON genotype_index (tenant, gene, patient);

CREATE TABLE held (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

CREATE TABLE locator (
  tenant TEXT NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  searchable INTEGER NOT NULL,
  PRIMARY KEY (tenant, type, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX locator_of_key ON locator (tenant, patient, "key");
CREATE INDEX locator_of_patient ON locator (tenant, patient, type, id);
CREATE INDEX locator_of_type ON locator (tenant, type, updated);
CREATE INDEX locator_unsearched ON locator (tenant, type, id) WHERE searchable = 0;
CREATE INDEX locator_when ON locator (tenant, updated);

CREATE TABLE phenotype_index (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  gene TEXT NOT NULL,
  phenotype TEXT NOT NULL,
  stated INTEGER NOT NULL,
  PRIMARY KEY (tenant, patient, "key", number)
) WITHOUT ROWID;
CREATE INDEX phenotype_of_gene ON phenotype_index (tenant, gene, patient);

CREATE TABLE resource (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  full_url TEXT NOT NULL,
  updated INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  codec TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant, patient, "key")
);

CREATE TABLE resource_history (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  full_url TEXT NOT NULL,
  updated INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  codec TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant, patient, "key", version)
);
CREATE INDEX history_of_type ON resource_history (tenant, type, updated);
CREATE INDEX history_when ON resource_history (tenant, updated);

CREATE TABLE search_amount (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  low DOUBLE NOT NULL,
  high DOUBLE NOT NULL,
  system TEXT NOT NULL,
  code TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, low, high, system, code)
) WITHOUT ROWID;
CREATE INDEX search_amount_value ON search_amount (tenant, type, param, low, high, patient, "key", system, code);

CREATE TABLE search_link (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  to_type TEXT NOT NULL,
  to_id TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, to_type, to_id)
) WITHOUT ROWID;
CREATE INDEX search_link_value ON search_link (tenant, to_id, to_type, type, param, patient, "key");

CREATE TABLE search_moment (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  low INTEGER NOT NULL,
  high INTEGER NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, low, high)
) WITHOUT ROWID;
CREATE INDEX search_moment_end ON search_moment (tenant, type, param, high, low, patient, "key");
CREATE INDEX search_moment_value ON search_moment (tenant, type, param, low, high, patient, "key");

CREATE TABLE search_pair (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  code TEXT NOT NULL,
  value_code TEXT NOT NULL,
  code_system TEXT NOT NULL,
  value_system TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, code, value_code, code_system, value_system)
) WITHOUT ROWID;
CREATE INDEX search_pair_value ON search_pair (tenant, type, param, code, value_code, patient, "key", code_system, value_system);

CREATE TABLE search_token (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  code TEXT NOT NULL,
  system TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, code, system)
) WITHOUT ROWID;
CREATE INDEX search_token_value ON search_token (tenant, type, param, code, patient, "key", system);

CREATE TABLE search_word (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  param TEXT NOT NULL,
  number INTEGER NOT NULL,
  head TEXT NOT NULL,
  folded TEXT NOT NULL,
  exact TEXT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", param, number)
) WITHOUT ROWID;
CREATE INDEX search_word_value ON search_word (tenant, type, param, head, patient, "key");

CREATE TABLE variant_gene (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  number INTEGER NOT NULL,
  gene TEXT NOT NULL,
  PRIMARY KEY (tenant, patient, "key", number, gene)
) WITHOUT ROWID;
CREATE INDEX variant_gene_value ON variant_gene (tenant, gene, patient, "key", number);

CREATE TABLE variant_index (
  tenant TEXT NOT NULL,
  patient TEXT NOT NULL,
  "key" INTEGER NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  genes TEXT NOT NULL,
  assembly TEXT NOT NULL,
  chromosome TEXT NOT NULL,
  scale INTEGER,
  start INTEGER,
  stop INTEGER,
  ref TEXT,
  alt TEXT,
  presence TEXT NOT NULL,
  source_class TEXT NOT NULL,
  zygosity TEXT NOT NULL,
  structural INTEGER NOT NULL,
  change_type TEXT NOT NULL,
  inner_start INTEGER,
  inner_stop INTEGER,
  outer_start INTEGER,
  outer_stop INTEGER,
  PRIMARY KEY (tenant, patient, "key", number)
) WITHOUT ROWID;
CREATE INDEX variant_of_patient ON variant_index (tenant, patient, assembly, chromosome, scale, start, stop);
CREATE INDEX variant_of_place ON variant_index (tenant, assembly, chromosome, scale, start, stop, patient);

-- What is there already is kept, and waits to be made searchable (`searchable` is 0).
INSERT INTO resource
  SELECT tenant, patient, resource_key(type, id), type, id, version, full_url,
    CAST(STRFTIME('%s', last_updated) AS INTEGER) * 1000000
      + CAST(SUBSTR(last_updated, 21, 3) AS INTEGER) * 1000,
    sha256, codec, body
  FROM resource_0002;

INSERT INTO resource_history
  SELECT tenant, patient, resource_key(type, id), version, type, id, 0, full_url,
    CAST(STRFTIME('%s', last_updated) AS INTEGER) * 1000000
      + CAST(SUBSTR(last_updated, 21, 3) AS INTEGER) * 1000,
    sha256, codec, body
  FROM resource_history_0002;

INSERT INTO locator
  SELECT tenant, type, id, patient, "key", version, 0, updated, 0 FROM resource;

DROP TABLE resource_0002;
DROP TABLE resource_history_0002;

-- How rows are spread where there are many, for the planner: without it, it takes the tenant, the
-- first column of every index, for as good a way as any. ANALYZE replaces it by what is counted.
ANALYZE migration;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('genotype_index', 'genotype_index', '1000000 1000000 100 1 1'),
  ('genotype_index', 'genotype_of_gene', '1000000 1000000 10000 1'),
  ('locator', 'locator', '1000000 1000000 100000 1'),
  ('locator', 'locator_of_key', '1000000 1000000 100 1'),
  ('locator', 'locator_of_patient', '1000000 1000000 100 10 1'),
  ('locator', 'locator_of_type', '1000000 1000000 100000 1'),
  ('locator', 'locator_when', '1000000 1000000 10'),
  ('phenotype_index', 'phenotype_index', '1000000 1000000 100 1 1'),
  ('phenotype_index', 'phenotype_of_gene', '1000000 1000000 10000 1'),
  ('resource', 'sqlite_autoindex_resource_1', '1000000 1000000 100 1'),
  ('resource_history', 'sqlite_autoindex_resource_history_1', '1000000 1000000 100 1 1'),
  ('resource_history', 'history_of_type', '1000000 1000000 100000 1'),
  ('resource_history', 'history_when', '1000000 1000000 10'),
  ('search_amount', 'search_amount', '10000000 10000000 1000 10 1 1 1 1 1'),
  ('search_amount', 'search_amount_value', '10000000 10000000 1000000 100000 100 10 1 1 1 1'),
  ('search_link', 'search_link', '10000000 10000000 1000 10 1 1 1'),
  ('search_link', 'search_link_value', '10000000 10000000 1000 1000 100 10 1 1'),
  ('search_moment', 'search_moment', '10000000 10000000 1000 10 1 1 1'),
  ('search_moment', 'search_moment_end', '10000000 10000000 1000000 100000 10000 10 1 1'),
  ('search_moment', 'search_moment_value', '10000000 10000000 1000000 100000 100 10 1 1'),
  ('search_pair', 'search_pair', '10000000 10000000 1000 10 1 1 1 1 1'),
  ('search_pair', 'search_pair_value', '10000000 10000000 1000000 100000 1000 100 1 1 1 1'),
  ('search_token', 'search_token', '10000000 10000000 1000 10 1 1 1'),
  ('search_token', 'search_token_value', '10000000 10000000 1000000 100000 1000 1 1 1'),
  ('search_word', 'search_word', '10000000 10000000 1000 10 1 1'),
  ('search_word', 'search_word_value', '10000000 10000000 1000000 100000 100 1 1'),
  ('variant_gene', 'variant_gene', '1000000 1000000 100 1 1 1'),
  ('variant_gene', 'variant_gene_value', '1000000 1000000 10000 1 1 1'),
  ('variant_index', 'variant_index', '1000000 1000000 100 1 1'),
  ('variant_index', 'variant_of_patient', '1000000 1000000 100 50 2 1 1 1'),
  ('variant_index', 'variant_of_place', '1000000 1000000 500000 20000 10000 10 10 1');
ANALYZE sqlite_master;
