import { usePage } from "../frame/page";
import { Missing } from "../parts/failure";

/** A path at which the console has nothing. */
export function NoPage() {
	usePage({ title: "Nothing here", crumbs: [{ name: "Nothing here" }] });
	return (
		<div className="page">
			<Missing />
		</div>
	);
}
