/* The export of a list, which comes after the list itself. */

import { Suspense } from "react";
import type { ExportProps } from "./export-menu";
import { later } from "./later";
import { afterFirst } from "./first";
import { ExportWord } from "./export-word";

const ExportMenu = later(() => afterFirst().then(() => import("./export-menu")));

export function Export(props: ExportProps) {
	const place = (
		<span className="button export" data-kind="bare" aria-hidden="true">
			<ExportWord />
		</span>
	);
	return (
		<Suspense fallback={place}>
			<ExportMenu {...props} />
		</Suspense>
	);
}
