import { widget } from "./mounted";
import Part from "./ConfusionGridWidget.svelte";

export default widget(Part);
