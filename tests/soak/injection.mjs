// What goes wrong meanwhile: Secrets Manager and S3 misbehave in turns, and the access keys change.

import { FIRST_KEY } from '../e2e/fixture.mjs';
import { startSecretsManager } from '../keys/moto.mjs';

/** One after the other, over and over; between two of them all is well. S3's are told by a share of its calls. */
const TURNS = [
  { name: 'Secrets Manager cut', secrets: 'is stopped' },
  { name: 'S3 throttles a fifth', s3: { ends: 'SlowDown', share: 0.2 } },
  { name: 'Secrets Manager slow', secrets: 'is slow' },
  { name: 'S3 throttles all', s3: { ends: 'SlowDown', share: 1 } },
  { name: 'Secrets Manager answers 500', secrets: 'answers 500' },
  { name: 'S3 cuts connections', s3: { ends: 'cut', share: 0.1 } },
  { name: 'Secrets Manager answers no JSON', secrets: 'answers no JSON' },
  { name: 'S3 does the work and loses the answer', s3: { ends: 'cut', share: 0.1, done: true } },
  { name: 'both', secrets: 'is stopped', s3: { ends: 'SlowDown', share: 0.3 } },
];

const SECRET = 'soak/fleet';

export class Injection {
  #store;
  #turn;
  #generation = 0;
  #timers = [];
  /** When each access key was taken out of the secret, in milliseconds since the epoch. */
  removedAt = new Map();
  /** When Secrets Manager misbehaved last. */
  secretsWrongAt = -Infinity;
  counts = { rotations: 0, turns: 0, s3Faults: 0 };

  static async start() {
    const injection = new Injection();
    injection.#store = await startSecretsManager();
    await injection.#rotate();
    return injection;
  }

  get endpoint() {
    return this.#store.endpoint;
  }

  get secretId() {
    return SECRET;
  }

  /** What is wrong now. */
  get turn() {
    return this.#turn?.name;
  }

  /** The access key of a device: half of them have the new one, the others still the one before. */
  keyOf(number) {
    return keyOf(Math.max(0, this.#generation - (number % 2)));
  }

  /** Every access key so far. */
  get keys() {
    return [...Array.from({ length: this.#generation + 1 }, (_, generation) => keyOf(generation)), FIRST_KEY];
  }

  /** One that was taken out. */
  get removedKey() {
    return this.#generation > 2 ? keyOf(this.#generation - 2) : undefined;
  }

  /** `period`: how long a turn takes, and the calm after it, in milliseconds. A key lives for twelve. */
  begin(period) {
    let next = 0;
    const turn = async () => {
      const { [next % TURNS.length]: begins } = TURNS;
      const ends = this.#turn !== undefined;
      // Just before it begins, so that the functions hear of the new key only after an outage.
      if (!ends && next % 3 === 0) await this.#rotate();
      next += ends ? 0 : 1;
      this.counts.turns += ends ? 0 : 1;
      this.#turn = ends ? undefined : begins;
      this.#store.behaviour = this.#turn?.secrets ?? 'answers';
    };
    const watch = () => {
      if (this.#turn?.secrets) this.secretsWrongAt = Date.now();
    };
    this.#timers = [setInterval(() => void turn(), period), setInterval(watch, 100)];
  }

  /** All is well from now on. */
  calm() {
    for (const timer of this.#timers) clearInterval(timer);
    this.#turn = undefined;
    this.#store.behaviour = 'answers';
  }

  /** For the local S3. @type {import('../../local/s3-fault.mjs').FaultOf} */
  s3Fault = () => {
    const { share, ...fault } = this.#turn?.s3 ?? { share: 0 };
    if (Math.random() >= share) return undefined;
    this.counts.s3Faults += 1;
    return fault;
  };

  close() {
    return this.#store.close();
  }

  /** The new key, and the one before; a master key stands for every device that derives its own. */
  async #rotate() {
    const accessKeys = [keyOf(this.#generation), keyOf(this.#generation + 1), FIRST_KEY];
    await this.#store.put(SECRET, { accessKeys });
    if (this.#generation > 0) this.removedAt.set(keyOf(this.#generation - 1).accessKeyId, Date.now());
    this.#generation += 1;
    this.counts.rotations += 1;
  }
}

function keyOf(generation) {
  return { accessKeyId: `LTAI5tSoakGeneration${generation}`, accessKeySecret: `soakSecretOfGeneration${String(generation).padStart(8, '0')}` };
}
