CREATE INDEX issued_for_patient ON issued_card (tenant, patient_hash, issued_at);
