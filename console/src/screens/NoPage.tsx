import { usePage } from "../frame/page";
import { Missing } from "../parts/failure";
import { t } from "../words/message";

/** A path at which the console has nothing. */
export function NoPage() {
	usePage({ title: t("common.nothingHere"), crumbs: [{ name: t("common.nothingHere") }] });
	return (
		<div className="page">
			<Missing />
		</div>
	);
}
