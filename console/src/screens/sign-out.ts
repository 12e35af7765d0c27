import { Failure, ask } from "../api/client";
import { credentialChanged, credentialEnded } from "../api/credential";
import { queries } from "../api/query";
import { leaving, letGo } from "../parts/unsaved";
import { notify } from "../parts/live";
import { prefer } from "../parts/preferences";
import { t } from "../words/message";

/**
 * Ends the session of this browser, and forgets all that was read with it. If it could not be ended, that is said, and all stays; so does
 * what is typed and not saved, unless it may be lost.
 */
export function signOut() {
	leaving(() => void end());
}

async function end() {
	try {
		await ask("sessions/current", { method: "DELETE" });
	} catch (e) {
		if (!(e instanceof Failure) || e.status !== 401) {
			notify(t("screens.signOut.youAreStillSignedIn", { message: e instanceof Error ? e.message : String(e) }));
			return;
		}
	}
	letGo();
	queries.clear();
	prefer({ last: undefined });
	credentialEnded();
	credentialChanged();
	location.assign("/console/sign-in");
}
