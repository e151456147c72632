import "../theme.css";
import { mount } from "svelte";
import { Api } from "../api";
import App from "./App.svelte";
import Closed from "./Closed.svelte";
import { said } from "./loaded.svelte";
import { Studio } from "./studio.svelte";

const target = document.getElementById("app")!;

async function open(): Promise<void> {
  try {
    const api = await Api.open();
    const studio = new Studio(api, await api.hello());
    void studio.start();
    mount(App, { target, props: { studio } });
  } catch (error) {
    mount(Closed, { target, props: { problem: said(error) } });
  }
}

void open();
