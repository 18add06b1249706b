import { describeArrivals } from './arrivals.js';
import { describeAttachments } from './attachments.js';
import { describeObjects } from './objects.js';
import type { Scene } from './scene.js';
import { describeTimers } from './timers.js';

/** What timers, calls, objects, awakeables and signals need of a store. */
export function describeModel(scene: () => Scene): void {
  describeArrivals(scene);
  describeObjects(scene);
  describeAttachments(scene);
  describeTimers(scene);
}
