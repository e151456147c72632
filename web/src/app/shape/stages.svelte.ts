import type { Packet } from "../../packet";
import type { StagesSummary } from "../../wire";
import { said } from "../loaded.svelte";
import type { Studio } from "../studio.svelte";

/** The stages of the image in focus; the last ones stay until the next have come. */
export class Stages {
  packet = $state.raw<Packet<StagesSummary> | null>(null);
  problem = $state.raw<string | null>(null);

  constructor(private readonly studio: Studio) {
    $effect(() => {
      const { row } = this;
      if (studio.lost) return; // asked again when the server is back
      let left = false;
      studio.api.stages(row).then(
        (packet) => {
          if (left) return;
          this.packet = packet;
          this.problem = null;
        },
        (error: unknown) => {
          if (!left) this.problem = said(error);
        },
      );
      return () => (left = true);
    });
  }

  /** The image in focus, or the first test image; in a static copy, one whose stages it has. */
  readonly row: number = $derived.by(() => {
    const { n, n_train } = this.studio.hello.dataset;
    return Math.min(n - 1, this.studio.state.row ?? this.kept[0] ?? (n_train < n ? n_train : 0));
  });

  /** Rows that have stages, where not all have. */
  get kept(): readonly number[] {
    return this.studio.api.static ? this.studio.api.manifest.stages : [];
  }

  /** Show another image: the next, the one before, or any. */
  go(step: number): void {
    const rows = this.kept.length > 0 ? this.kept : (this.studio.selection.rows ?? []);
    const at = Array.prototype.indexOf.call(rows, this.row);
    const next = rows[at < 0 ? 0 : (at + step + rows.length) % rows.length];
    if (next !== undefined) this.studio.set({ row: next });
  }
}
