import { widget } from "./mounted";
import Part from "./DrawPadWidget.svelte";

export default widget(Part);
