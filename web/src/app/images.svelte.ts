import { untrack } from "svelte";
import type { Api } from "../api";
import type { DatasetSummary } from "../wire";

const AT_ONCE = 4;

/** Blocks of images as they come: the newest wish first, each asked for once. `arrived` counts, for who draws. */
class Blocks {
  arrived = $state(0);
  private readonly kept = new Map<number, Uint8Array>();
  private readonly flying = new Set<number>();
  private readonly failed = new Set<number>();
  private readonly waiting = new Map<number, ((bytes: Uint8Array | null) => void)[]>();
  private wanted: number[] = [];

  constructor(
    private readonly size: number,
    private readonly each: number,
    private readonly load: (block: number) => Promise<Uint8Array>,
  ) {}

  /** The image, or null while its block is on the way. */
  now(row: number): Uint8Array | null {
    const block = Math.floor(row / this.each);
    const bytes = this.kept.get(block);
    if (bytes === undefined) {
      this.want(block);
      return null;
    }
    const start = (row - block * this.each) * this.size;
    return bytes.subarray(start, start + this.size);
  }

  async get(row: number): Promise<Uint8Array | null> {
    const block = Math.floor(row / this.each);
    if (!this.kept.has(block)) {
      await new Promise((resolve) => {
        this.waiting.set(block, [...(this.waiting.get(block) ?? []), resolve]);
        this.want(block);
      });
    }
    return this.kept.has(block) ? this.now(row) : null;
  }

  private want(block: number): void {
    if (this.flying.has(block) || this.failed.has(block)) return;
    this.wanted = [block, ...this.wanted.filter((one) => one !== block)];
    this.next();
  }

  private next(): void {
    while (this.flying.size < AT_ONCE) {
      const block = this.wanted.shift();
      if (block === undefined) return;
      this.flying.add(block);
      void this.fetch(block);
    }
  }

  private async fetch(block: number): Promise<void> {
    let bytes: Uint8Array | null = null;
    try {
      bytes = await this.load(block);
      this.kept.set(block, bytes);
    } catch {
      this.failed.add(block);
      setTimeout(() => {
        this.failed.delete(block);
        this.arrived += 1;
      }, 3000);
    }
    this.flying.delete(block);
    for (const resolve of this.waiting.get(block) ?? []) resolve(bytes);
    this.waiting.delete(block);
    untrack(() => (this.arrived += 1));
    this.next();
  }
}

/** All images, small and at full size. */
export class Images {
  readonly thumbs: Blocks;
  readonly full: Blocks;

  constructor(api: Api, data: DatasetSummary) {
    const size = data.height * data.width * data.channels;
    const thumb = data.thumb_height * data.thumb_width * data.channels;
    this.thumbs = new Blocks(thumb, data.thumb_block, (block) => api.thumbs(block));
    const same = thumb === size && data.thumb_block === data.image_block;
    this.full = same ? this.thumbs : new Blocks(size, data.image_block, (block) => api.images(block));
  }
}
