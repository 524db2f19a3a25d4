-- What a card was, for the report on feedback, and what it said and to whom, so that it is not told
-- again a minute later. No text of a card is kept.
-- Empty for cards that were issued before.
ALTER TABLE issued_card ADD COLUMN indicator TEXT NOT NULL DEFAULT '';
ALTER TABLE issued_card ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE issued_card ADD COLUMN drug TEXT NOT NULL DEFAULT '';
ALTER TABLE issued_card ADD COLUMN knowledge TEXT NOT NULL DEFAULT '';
-- a keyed hash of FHIR server, patient and user
ALTER TABLE issued_card ADD COLUMN audience_hash TEXT NOT NULL DEFAULT '';
-- hashes of what the order asked for (drug and dose), and of the card's words
ALTER TABLE issued_card ADD COLUMN ordered_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE issued_card ADD COLUMN said_sha256 TEXT NOT NULL DEFAULT '';

CREATE INDEX issued_to_audience ON issued_card (tenant, audience_hash, issued_at);

CREATE INDEX issued_when ON issued_card (tenant, issued_at);
