import { EntryEntity } from './entry.entity.js';
import { DeadlineEntity } from './deadline.entity.js';
import { AttachmentEntity, SignalEntity } from './inbox.entity.js';
import { InvocationEntity } from './invocation.entity.js';
import { AddControl1763800000000 } from './migrations/add-control.js';
import { AddEvents1763800300000 } from './migrations/add-events.js';
import { AddProgrammingModel1763700000000 } from './migrations/add-programming-model.js';
import { AddSchedules1763830000000 } from './migrations/add-schedules.js';
import { CreateDurable1763600000000 } from './migrations/create-durable.js';
import { IndexByServiceAndStatus1763850000000 } from './migrations/index-by-service-and-status.js';
import { ObjectEntity, StateEntity } from './object.entity.js';
import { ScheduleEntity } from './schedule.entity.js';
import { SubscriptionEntity } from './subscription.entity.js';
import { WorkerEntity } from './worker.entity.js';

/** Entities of a data source of the store. */
export const ENTITIES = [
  InvocationEntity,
  EntryEntity,
  WorkerEntity,
  ObjectEntity,
  StateEntity,
  SignalEntity,
  AttachmentEntity,
  DeadlineEntity,
  SubscriptionEntity,
  ScheduleEntity,
];

/** Migrations of a data source of the store, oldest first. */
export const MIGRATIONS = [
  CreateDurable1763600000000,
  AddProgrammingModel1763700000000,
  AddControl1763800000000,
  AddEvents1763800300000,
  AddSchedules1763830000000,
  IndexByServiceAndStatus1763850000000,
];
