/**
 * All that may happen next in a world.
 *
 * What is urgent (a timer that is due, a request or event that is not held up) happens before time goes on; what is not
 * may happen at any instant that is visited, or never. Time goes on to the next instant at which anything is due.
 */
import { changedCommand, ended, freshLife, killed, unprepared } from './actor.ts';
import { type Action, Collector } from './collector.ts';
import type { Core } from './core.ts';
import { answered, arrives, dies, land, learns, ready } from './deeds.ts';
import { edits } from './edits.ts';
import {
  type Bounds,
  type Budget,
  type Wire,
  type World,
  disturb,
  isAlive,
  seats,
  spend,
} from './world.ts';

/**
 * Everything that may happen next, except for orders that make no difference: what concerns one candidate alone (its
 * timers, answers, events and command) goes before what both can see, one candidate after the other.
 */
export function actionsOf(core: Core, bounds: Bounds, world: World): Action[] {
  for (const seat of seats) {
    const own = new Local(core, bounds, world, seat).all();
    if (own.length > 0) return [...own, ...new Free(core, bounds, world, seat).all()];
  }
  const shared = seats.flatMap((seat) => new Arrivals(core, bounds, world, seat).all());
  const free = seats.flatMap((seat) => new Free(core, bounds, world, seat).all());
  const onTime = shared.length === 0 ? passing(core, world) : [];
  return [...shared, ...free, ...edits(bounds, world), ...onTime];
}

/** What is due for one candidate and no other can see. */
class Local extends Collector {
  all(): Action[] {
    const { actor, world } = this;
    const { command } = actor;
    if (command !== null && isAlive(actor)) {
      if (world.nowMs >= command.deadByAtMs) this.add('tree dies', () => this.#dies());
      else if (world.nowMs >= command.guardAtMs && command.deadByAtMs === Infinity) {
        this.add('guard kills', () => this.changed(world, killed(world, actor)));
      }
    }
    if (actor.state === null || actor.isStalled) return this.actions;
    this.#timer();
    this.#command();
    const { wire, untold } = actor;
    if (untold !== null) this.add('learns of the end', () => learns(this, untold));
    if (wire?.phase === 'answered' && !wire.isSlow) this.add('answer', () => answered(this, wire));
    const [first, ...rest] = actor.events;
    if (first !== undefined && !actor.isLagging) {
      this.add(`event ${first.id}`, () =>
        this.take(this.changed(world, { events: rest }), { id: 'watch', event: first }),
      );
    }
    return this.actions;
  }

  #dies(): World {
    return dies(this);
  }

  #timer(): void {
    const { state } = this.actor;
    if (state === null || this.core.nextDeadlineMs(state) > this.world.nowMs) return;
    this.add('timer', () => this.take(this.world, { id: 'time', jump: null }));
  }

  #command(): void {
    const { world, actor } = this;
    const { command } = actor;
    if (command?.id !== 'starting') return;
    this.add('gate opens', () => {
      if (world.nowMs > command.notAfterAtMs) {
        return this.take(this.changed(world, { command: null }), {
          id: 'command',
          event: { id: 'too-late' },
        });
      }
      const running = this.changed(world, changedCommand(actor, { id: 'running' }));
      return this.take(running, { id: 'command', event: { id: 'started', pid: 1 } });
    });
  }
}

/** Requests that are to reach the server now. */
class Arrivals extends Collector {
  all(): Action[] {
    const { wire, isStalled } = this.actor;
    if (wire?.phase === 'sent' && !wire.isSlow && !isStalled) this.#wire(wire);
    return this.actions;
  }

  #wire(wire: Wire): void {
    this.add('request arrives', () => arrives(this, wire));
    if (this.has('lostRequests'))
      this.add('request lost', () => this.#silent(wire, 'lostRequests'));
    if (this.has('refusals')) this.add('request refused', () => this.#refused(wire));
  }

  #silent(wire: Wire, what: keyof Budget): World {
    return this.changed(disturb(this.world, what), { wire: { ...wire, phase: 'silent' } });
  }

  #refused({ request }: Wire): World {
    const failure = { reason: 'status', status: 503, message: '', retryAfterMs: null } as const;
    const world = this.changed(disturb(this.world, 'refusals'), { wire: null });
    return this.take(world, { id: 'answer', request, answer: { id: 'failed', failure } });
  }
}

/** What may happen to one candidate at any time. */
class Free extends Collector {
  all(): Action[] {
    const { actor, world } = this;
    if (actor.state === null) {
      // The first process of each begins at the outset, the next one at any time.
      const mayBegin = actor.life === 0 ? world.nowMs === 0 : actor.command === null;
      if (mayBegin && actor.life < world.left.lives) {
        this.add('begins', () => ready(this, this.#begins()));
        if (this.has('slowStarts'))
          this.add('begins, its command late', () => this.#begins(spend(world, 'slowStarts')));
      }
    } else {
      this.#faults();
      this.#slow();
      if (this.has('stops') && !actor.isStalled) {
        const event = { id: 'stop-requested', signal: 'SIGTERM', forwardAs: 'SIGTERM' } as const;
        this.add('SIGTERM', () => this.take(spend(world, 'stops'), event));
      }
    }
    this.#stray();
    this.#command();
    return this.actions;
  }

  #begins(world = this.world): World {
    const { actor, core, bounds, seat } = this;
    const state = core.initialStandby(bounds.candidates[seat], world.nowMs);
    const life = actor.life + 1;
    const fresh = { state, life, command: unprepared, ...freshLife };
    return this.take(this.changed(world, fresh), { id: 'begin' });
  }

  #faults(): void {
    const { world, actor } = this;
    const { wire } = actor;
    if (this.has('crashes')) this.add('crashes', () => this.#crashes());
    if (!actor.isCut && this.has('cuts')) {
      this.add('is cut off', () => this.changed(disturb(world, 'cuts'), { isCut: true }));
    }
    if (actor.isCut) this.add('is healed', () => this.#healed());
    if (!actor.isStalled && this.has('stalls')) {
      this.add('stalls', () => this.changed(disturb(world, 'stalls'), { isStalled: true }));
    }
    if (actor.isStalled) this.add('goes on', () => this.changed(world, { isStalled: false }));
    if (!actor.isLagging && actor.events.length > 0 && this.has('lags')) {
      this.add('watch lags', () => this.changed(disturb(world, 'lags'), { isLagging: true }));
    }
    if (actor.isLagging)
      this.add('watch catches up', () => this.changed(world, { isLagging: false }));
    if (wire === null || wire.isSlow) return;
    const slow = { wire: { ...wire, isSlow: true } };
    if (wire.phase === 'sent' && this.has('lateRequests')) {
      this.add('request is held up', () => this.changed(disturb(world, 'lateRequests'), slow));
    }
    if (wire.phase !== 'answered') return;
    if (this.has('lateAnswers')) {
      this.add('answer is held up', () => this.changed(disturb(world, 'lateAnswers'), slow));
    }
    if (this.has('lostAnswers')) {
      const lost = { wire: { ...wire, phase: 'silent', answer: null } } as const;
      this.add('answer lost', () => this.changed(disturb(world, 'lostAnswers'), lost));
    }
  }

  #crashes(): World {
    const { actor } = this;
    const world = spend(this.world, 'crashes');
    const gone = { ...actor, ...(isAlive(actor) ? killed(world, actor) : { command: null }) };
    return this.changed(world, { ...gone, ...ended(actor), command: gone.command });
  }

  #healed(): World {
    const { world, actor } = this;
    const { lease } = world.store;
    // The watch is opened again from where it was.
    const events = lease === null ? [] : [{ id: 'changed', lease } as const];
    return this.changed(world, {
      isCut: false,
      events: actor.isWatching ? [...actor.events, ...events] : [],
    });
  }

  /** What is held up comes at last. */
  #slow(): void {
    const { wire, command, isStalled } = this.actor;
    if (isStalled) return;
    if (wire?.isSlow === true && wire.phase === 'sent') {
      this.add('held request arrives', () => arrives(this, { ...wire, isSlow: false }));
    }
    if (wire?.isSlow === true && wire.phase === 'answered') {
      this.add('held answer', () => answered(this, wire));
    }
    if (command?.id === 'preparing') this.add('command ready', () => ready(this, this.world));
  }

  #stray(): void {
    const { stray, isCut, isStalled, state } = this.actor;
    if (stray === null) return;
    const gone = this.changed(this.world, { stray: null });
    if (stray.phase === 'sent' && !isCut)
      this.add('stray lands', () => land(this, gone, stray).world);
    if (stray.phase === 'answered' && stray.answer !== null && state !== null && !isStalled) {
      const { request, answer } = stray;
      this.add('stray answer', () => this.take(gone, { id: 'answer', request, answer }));
    }
  }

  #command(): void {
    const { world, actor } = this;
    const { command } = actor;
    if (command === null || !isAlive(actor) || command.id === 'starting') return;
    const isDying = command.isAsked || command.deadByAtMs !== Infinity;
    if (isDying && world.nowMs < command.deadByAtMs) this.add('tree ends', () => dies(this));
    else if (!isDying && this.has('exits')) {
      this.add('tree ends by itself', () => dies(this, spend(world, 'exits')));
    }
    if (command.id === 'running' && this.has('rests') && actor.state !== null && !actor.isStalled) {
      this.add('command ends, rest stays', () => {
        const rest = this.changed(spend(world, 'rests'), changedCommand(actor, { id: 'rest' }));
        return this.take(rest, {
          id: 'command',
          event: { id: 'ended', ending: { id: 'exited', code: 0 } },
        });
      });
    }
  }
}

/** Time goes on to the next instant at which anything is due. */
function passing(core: Core, world: World): Action[] {
  const due = world.actors.flatMap((actor) => {
    const { state, command, isStalled } = actor;
    const timerMs = state === null || isStalled ? Infinity : core.nextDeadlineMs(state);
    if (command === null || !isAlive(actor)) return [timerMs];
    return [
      timerMs,
      command.deadByAtMs,
      command.deadByAtMs === Infinity ? command.guardAtMs : Infinity,
    ];
  });
  const nextMs = Math.min(...due);
  if (nextMs === Infinity) return [];
  const label = `${Math.round(nextMs - world.nowMs)} ms pass`;
  const [first, second] = world.actors;
  const actors = [
    { ...first, sendsNow: 0 },
    { ...second, sendsNow: 0 },
  ] as const;
  return [{ label, next: () => ({ ...world, nowMs: nextMs, actors }) }];
}
