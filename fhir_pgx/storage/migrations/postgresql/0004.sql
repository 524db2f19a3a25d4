-- What resources say alike, and who has a genomic result: for questions to a population.
ALTER TABLE locator ADD COLUMN said TEXT COLLATE "C" DEFAULT '' NOT NULL;
UPDATE locator SET searchable = 0 WHERE deleted = 0 AND type IN ('Condition', 'Observation');

CREATE TABLE genomic_patient (
  tenant TEXT COLLATE "C" NOT NULL,
  patient TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, patient)
);
INSERT INTO genomic_patient (tenant, patient)
  SELECT tenant, patient FROM variant_index WHERE patient <> ''
  UNION SELECT tenant, patient FROM genotype_index WHERE patient <> ''
  UNION SELECT tenant, patient FROM phenotype_index WHERE patient <> '';
