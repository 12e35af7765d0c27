import { ask } from "../api/client";
import { credentialEnded } from "../api/credential";
import { queries } from "../api/query";

/** Ends the session of this browser, and forgets all that was read with it. */
export async function signOut() {
	try {
		await ask("sessions/current", { method: "DELETE" });
	} finally {
		queries.clear();
		credentialEnded();
		location.assign("/console/sign-in");
	}
}
