-- A worker passes over the due jobs of whom it serves already: it sees from the index
-- whose they are.
drop index job_due;
create index job_due on job (due_us, id, kind, tenant_id) where state = 'pending';
