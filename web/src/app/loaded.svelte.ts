import { Refusal } from "../api";

/** Something that is asked for once, when a part of the page first needs it. */
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<string | null>(null);
  private version = $state(0);
  private asked = -1;

  /** `ready`: whether there is anything to ask for yet; it is waited for. */
  constructor(
    private readonly load: () => Promise<T>,
    private readonly ready: () => boolean = () => true,
  ) {}

  /** The value, or null until it has come. Safe in `$derived` and in templates. */
  need(): T | null {
    if (this.asked !== this.version && this.ready()) {
      this.asked = this.version;
      void this.fetch(this.asked);
    }
    return this.value;
  }

  /** The value when it has come; throws what went wrong. */
  async get(): Promise<T> {
    return this.value ?? this.load();
  }

  /** It has changed at the server: the old value stays until the new one is here. */
  renew(): void {
    this.version += 1;
  }

  /** The server is back: ask once more for what did not come. */
  again(): void {
    if (this.problem !== null) this.renew();
  }

  private async fetch(version: number): Promise<void> {
    try {
      await null; // asked for in the middle of drawing, where nothing may change yet
      const value = await this.load();
      if (version !== this.asked) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (version === this.asked) this.problem = said(error);
    }
  }
}

/** What went wrong, for a person. */
export function said(error: unknown): string {
  if (error instanceof Refusal) return `${error.problem.error}. ${error.problem.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
