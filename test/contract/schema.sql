create table durable.entry (
  invocation_id uuid not null,
  index integer not null,
  kind text not null,
  name text not null,
  called_after integer not null,
  seq integer,
  outcome text,
  value text,
  tries integer not null,
  due_at timestamp with time zone,
  epoch integer not null,
  duration_ms integer,
  written_at timestamp with time zone not null default now(),
  constraint entry_pkey PRIMARY KEY (invocation_id, index),
  constraint entry_delivered CHECK (((seq IS NULL) OR (outcome IS NOT NULL))),
  constraint entry_outcome CHECK ((outcome = ANY (ARRAY['ok'::text, 'error'::text])))
) with (fillfactor=80);
alter table durable.entry alter invocation_id set (n_distinct = -0.2);

create table durable.invocation (
  id uuid not null,
  service text not null,
  handler text not null,
  status text not null,
  epoch integer not null,
  owner text,
  due_at timestamp with time zone,
  failed_attempts integer not null default 0,
  deaths integer not null default 0,
  settled_at_death integer not null default 0,
  failed_entry integer,
  origin text not null,
  input text not null,
  output text,
  error text,
  created_at timestamp(3) with time zone not null default now(),
  claimed_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint invocation_pkey PRIMARY KEY (id),
  constraint invocation_due CHECK (
CASE
    WHEN (status = ANY (ARRAY['scheduled'::text, 'backing_off'::text])) THEN (due_at IS NOT NULL)
    WHEN (status = 'suspended'::text) THEN true
    ELSE (due_at IS NULL)
END),
  constraint invocation_finished CHECK (((finished_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])))),
  constraint invocation_owned CHECK (((owner IS NOT NULL) = (status = 'running'::text))),
  constraint invocation_status CHECK ((status = ANY (ARRAY['scheduled'::text, 'running'::text, 'suspended'::text, 'backing_off'::text, 'paused'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
) with (fillfactor=80);
CREATE INDEX invocation_created_at ON durable.invocation USING btree (created_at, id);
CREATE INDEX invocation_due_at ON durable.invocation USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX invocation_finished_at ON durable.invocation USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX invocation_owner ON durable.invocation USING btree (owner) WHERE (owner IS NOT NULL);

create table durable.worker (
  id text not null,
  host text not null,
  pid integer not null,
  services text[] not null,
  started_at timestamp with time zone not null default now(),
  lease_until timestamp with time zone not null,
  constraint worker_pkey PRIMARY KEY (id)
) with (fillfactor=50);
