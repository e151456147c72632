import { widget } from "./mounted";
import Part from "./WeightMapsWidget.svelte";

export default widget(Part);
