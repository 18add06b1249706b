create table durable.attachment (
  invocation_id uuid not null,
  waiter_id uuid not null,
  waiter_index integer not null,
  constraint attachment_pkey PRIMARY KEY (invocation_id, waiter_id, waiter_index)
);

create table durable.deadline (
  invocation_id uuid not null,
  at timestamp with time zone not null,
  constraint deadline_pkey PRIMARY KEY (invocation_id)
);
CREATE INDEX deadline_at ON durable.deadline USING btree (at);

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
  parent_id uuid,
  parent_index integer,
  object_id uuid,
  object_key text,
  ticket bigint,
  wakes integer not null default 0,
  attached boolean not null default false,
  seed uuid,
  constraint invocation_pkey PRIMARY KEY (id),
  constraint invocation_due CHECK (
CASE
    WHEN (status = 'scheduled'::text) THEN ((due_at IS NOT NULL) OR (ticket IS NOT NULL))
    WHEN (status = 'backing_off'::text) THEN (due_at IS NOT NULL)
    WHEN (status = 'suspended'::text) THEN true
    ELSE (due_at IS NULL)
END),
  constraint invocation_finished CHECK (((finished_at IS NOT NULL) = (status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])))),
  constraint invocation_owned CHECK (((owner IS NOT NULL) = (status = 'running'::text))),
  constraint invocation_status CHECK ((status = ANY (ARRAY['scheduled'::text, 'running'::text, 'suspended'::text, 'backing_off'::text, 'paused'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
) with (fillfactor=80);
CREATE INDEX invocation_attached ON durable.invocation USING btree (id) WHERE (attached AND (finished_at IS NOT NULL));
CREATE INDEX invocation_created_at ON durable.invocation USING btree (created_at, id);
CREATE INDEX invocation_finished_at ON durable.invocation USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX invocation_owner ON durable.invocation USING btree (owner) WHERE (owner IS NOT NULL);
CREATE INDEX invocation_parent_id ON durable.invocation USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX invocation_service_due_at ON durable.invocation USING btree (service, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX invocation_status_created_at ON durable.invocation USING btree (status, created_at, id) WHERE (status = ANY (ARRAY['suspended'::text, 'paused'::text, 'failed'::text, 'cancelled'::text]));
CREATE INDEX invocation_ticket ON durable.invocation USING btree (object_id, ticket) WHERE ((ticket IS NOT NULL) AND (finished_at IS NULL));

create table durable.object (
  id uuid not null,
  service text not null,
  key text not null,
  tail bigint not null,
  holder uuid,
  waiting boolean not null,
  constraint object_pkey PRIMARY KEY (id)
) with (fillfactor=50);
CREATE INDEX object_waiting ON durable.object USING btree (id) WHERE waiting;

create table durable.schedule (
  name text not null,
  service text not null,
  handler text not null,
  kind text not null,
  object_key text,
  input text not null,
  cron text,
  time_zone text,
  every_ms double precision,
  overlap text not null,
  catch_up text not null,
  digest uuid,
  revision integer not null default 1,
  paused boolean not null default false,
  next_at timestamp with time zone,
  last_at timestamp with time zone,
  last_invocation_id uuid,
  late_by_ms double precision,
  skipped integer not null default 0,
  created_at timestamp with time zone not null default now(),
  constraint schedule_pkey PRIMARY KEY (name),
  constraint schedule_timing CHECK ((((cron IS NULL) = (time_zone IS NULL)) AND ((cron IS NULL) <> (every_ms IS NULL))))
) with (fillfactor=50);
CREATE INDEX schedule_next_at ON durable.schedule USING btree (next_at) WHERE ((next_at IS NOT NULL) AND (NOT paused));

create table durable.signal (
  invocation_id uuid not null,
  id uuid not null,
  number integer not null,
  name text not null,
  value text not null,
  taken_by integer,
  created_at timestamp with time zone not null default now(),
  constraint signal_pkey PRIMARY KEY (invocation_id, id)
);
alter table durable.signal alter invocation_id set (n_distinct = -0.2);
CREATE INDEX signal_buffered ON durable.signal USING btree (invocation_id, number) WHERE (taken_by IS NULL);

create table durable.state (
  object_id uuid not null,
  name text not null,
  value text not null,
  written_at timestamp with time zone not null default now(),
  constraint state_pkey PRIMARY KEY (object_id, name)
) with (fillfactor=80);
alter table durable.state alter object_id set (n_distinct = -0.2);

create table durable.subscription (
  worker_id text not null,
  event text not null,
  service text not null,
  handler text not null,
  declared_at timestamp with time zone not null default now(),
  constraint subscription_pkey PRIMARY KEY (event, service, handler, worker_id)
);
CREATE INDEX subscription_service ON durable.subscription USING btree (service);

create table durable.worker (
  id text not null,
  host text not null,
  pid integer not null,
  services text[] not null,
  started_at timestamp with time zone not null default now(),
  lease_until timestamp with time zone not null,
  schedules jsonb not null default '{}'::jsonb,
  constraint worker_pkey PRIMARY KEY (id)
) with (fillfactor=50);
