import { Injectable } from '@nestjs/common';
import type { Duration } from 'nestjs-durable';

@Injectable()
export class ApprovalTerms {
  /** How long each of those is waited for who may approve. */
  readonly patience = (process.env.APPROVAL_PATIENCE ?? '3d') as Duration;
  /** In the order in which they are asked. */
  readonly approvers = ['lead@example.com', 'director@example.com'];
}
