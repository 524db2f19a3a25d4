-- Who may call, and who did.
CREATE TABLE audit_entry ( tenant TEXT DEFAULT '' NOT NULL, number INTEGER NOT NULL, recorded INTEGER NOT NULL, patient TEXT NOT NULL, agent TEXT NOT NULL, what TEXT NOT NULL, previous TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tenant, number) );
CREATE INDEX audit_of_patient ON audit_entry (tenant, patient, number);
CREATE INDEX audit_when ON audit_entry (tenant, recorded);
CREATE TABLE launch_session ( name TEXT NOT NULL, expires INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (name) );
CREATE INDEX launch_session_expires ON launch_session (expires);
CREATE TABLE seen_assertion ( name TEXT NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (name) ) WITHOUT ROWID;
CREATE INDEX seen_assertion_expires ON seen_assertion (expires);
CREATE TABLE labelled_patient ( tenant TEXT NOT NULL, patient TEXT NOT NULL, PRIMARY KEY (tenant, patient) ) WITHOUT ROWID;
INSERT INTO labelled_patient (tenant, patient)
  SELECT DISTINCT tenant, patient FROM search_token WHERE param = '_security';
-- What an interpretation reads beside the rows of genomic results. What these tell whole is told of
-- when the Observation is indexed anew; till then it stands beside them.
ALTER TABLE locator ADD COLUMN beside INTEGER DEFAULT '0' NOT NULL;
UPDATE locator SET beside = 1 WHERE deleted = 0 AND type IN ('Condition', 'DiagnosticReport', 'MolecularSequence', 'Observation', 'Procedure', 'Specimen');
UPDATE locator SET beside = 2 WHERE beside = 1 AND EXISTS (SELECT 1 FROM search_link x WHERE x.tenant = locator.tenant AND x.patient = locator.patient AND x.key = locator.key AND x.param IN ('derived-from', 'specimen'));
UPDATE locator SET searchable = 0 WHERE beside > 0 AND type = 'Observation' AND (EXISTS (SELECT 1 FROM variant_index x WHERE x.tenant = locator.tenant AND x.patient = locator.patient AND x.key = locator.key) OR EXISTS (SELECT 1 FROM genotype_index x WHERE x.tenant = locator.tenant AND x.patient = locator.patient AND x.key = locator.key));
CREATE INDEX locator_beside ON locator (tenant, patient, type, key, said, beside) WHERE beside > 0;
