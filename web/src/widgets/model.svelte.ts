/** What anywidget hands to a widget: the traits of its Python side. */
export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

/** One trait, followed as long as the effect lives in which it was made. */
export class Trait<T> {
  value: T = $state.raw() as T;

  constructor(
    private readonly model: AnyModel,
    private readonly name: string,
  ) {
    this.value = model.get(name) as T;
    const changed = (): void => void (this.value = model.get(name) as T);
    model.on(`change:${name}`, changed);
    $effect(() => () => model.off(`change:${name}`, changed));
  }

  /** Tell Python. */
  set(value: T): void {
    this.value = value;
    this.model.set(this.name, value);
    this.model.save_changes();
  }
}

/** Bytes that came over the wire, as numbers; they may begin anywhere, hence the copy. */
export function floats(bytes: DataView): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

export function octets(bytes: DataView): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
