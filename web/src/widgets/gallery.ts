import { widget } from "./mounted";
import Part from "./GalleryWidget.svelte";

export default widget(Part);
