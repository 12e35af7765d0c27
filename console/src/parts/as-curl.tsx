/* The way by a program beside the way by a button, where there is nothing yet. */

import { asCurl } from "../api/client";
import { t } from "../words/message";
import { copy } from "./live";
import { Button } from "./small";

/** A button that copies the request which makes the first of what is missing. */
export function AsCurl({ path, body }: { path: string; body: unknown }) {
	return (
		<Button kind="bare" icon="copy" onClick={() => void copy(asCurl(path, "POST", body), t("parts.asCurl.theCommand"))}>
			{t("parts.asCurl.orAsCurl")}
		</Button>
	);
}
