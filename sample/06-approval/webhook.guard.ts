import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

interface WithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Lets in who knows the secret that was agreed on. Without one, nobody. */
@Injectable()
export class WebhookGuard implements CanActivate {
  private readonly secret = process.env.WEBHOOK_SECRET;

  canActivate(context: ExecutionContext): boolean {
    const given = context.switchToHttp().getRequest<WithHeaders>().headers['x-webhook-secret'];
    if (!this.secret || typeof given !== 'string') return false;
    // Digests have one length, and are compared in one time: the answer tells nothing of the secret.
    return timingSafeEqual(digest(given), digest(this.secret));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
