import { mount, unmount, type Component } from "svelte";
import type { AnyModel } from "./model.svelte";

interface Context {
  readonly model: AnyModel;
  readonly el: HTMLElement;
}

/** A part as anywidget wants it: something with `render`, which gives back how to clear up. */
export function widget(part: Component<{ model: AnyModel }>): { render(context: Context): () => void } {
  return {
    render({ model, el }) {
      const instance = mount(part, { target: el, props: { model } });
      return () => void unmount(instance);
    },
  };
}
