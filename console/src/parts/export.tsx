/* The export of a list, which comes after the list itself. */

import { Suspense } from "react";
import type { ExportProps } from "./export-menu";
import { later } from "./later";
import { afterFirst } from "./first";
import { Icon } from "./icons";

const ExportMenu = later(() => afterFirst().then(() => import("./export-menu")));

export function Export(props: ExportProps) {
	const place = (
		<span className="button" data-square="" data-kind="bare" aria-hidden="true">
			<Icon name="out" />
		</span>
	);
	return (
		<Suspense fallback={place}>
			<ExportMenu {...props} />
		</Suspense>
	);
}
