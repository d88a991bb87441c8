-- Jobs of one kind and tenant that are due, in the order of their times: a group is
-- filled up with them, and whatever of theirs is not due yet is not looked at.
create index job_circle on job (kind, tenant_id, due_us, id) where state = 'pending';
