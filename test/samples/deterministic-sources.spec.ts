import { Logger } from '@nestjs/common';
import { DurableContext } from '../../lib/index.js';
import { Drum } from '../../sample/07-deterministic-sources/drum.js';
import { type Draw, Lottery } from '../../sample/07-deterministic-sources/lottery.js';
import { SampleStage } from '../support/sample-stage.js';

const TICKETS = ['ada', 'bob', 'cleo', 'dora', 'eve', 'finn'];

interface DrawStatus {
  readonly status: string;
  readonly draw?: { readonly number: string; readonly winners: readonly string[] };
}

describe('sample/07-deterministic-sources', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('07-deterministic-sources');
  }, 60_000);
  afterAll(() => stage?.close());

  it('draws on after a kill -9 as if nothing had been, and says each thing once', async () => {
    const id = await stage.accepted('/draws', { tickets: TICKETS });
    // Before a step starts, all that the handler was given is committed: the first two prizes are.
    await stage.process.printed('a roll of the drum for a house');
    await stage.kill();
    await stage.restart();
    const { draw } = await stage.over<DrawStatus>(`/draws/${id}`);
    const [cup, bicycle, house] = draw?.winners ?? [];
    expect(new Set([cup, bicycle, house]).size).toBe(3);
    const said = (text: string): string[] => stage.printed(text).map(line => line.replace(/^.* LOG /, ''));
    expect(said(' of 6 tickets')).toEqual([`[Lottery] draw ${draw?.number} of 6 tickets`]);
    expect(said('wins a cup')).toEqual([`[Lottery] ${cup} wins a cup`]);
    expect(said('wins a house')).toEqual([`[Lottery] ${house} wins a house`]);
    // What the process died with may be said twice. It is the same.
    expect(new Set(said('wins a bicycle'))).toEqual(new Set([`[Lottery] ${bicycle} wins a bicycle`]));
    expect(stage.printed('a roll of the drum for a bicycle')).toHaveLength(1);
  }, 60_000);

  it('is made of classes that a unit test calls, with chance as it is', async () => {
    Logger.overrideLogger(false);
    const durable = new DurableContext();
    const draw: Draw = await new Lottery(durable, new Drum(durable)).draw(['ada', 'bob']);
    expect([...draw.winners].sort()).toEqual(['ada', 'bob']);
    expect(draw.startedAt).toBeInstanceOf(Date);
  });
});
