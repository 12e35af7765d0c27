/* What an endpoint is called by. */

import { t } from "./message";

interface Addressed {
	name?: string | null;
	kind?: string;
	url?: string | null;
}

/** Returns what an endpoint is called by: its name, or its host. One that cannot be seen has none. */
export function endpointName(of: Addressed | undefined): string {
	return of?.name || (of?.kind === "own" ? t("common.itsOwnWebhook") : hostOf(of?.url));
}

/** Returns the host of an address, and what is no address as it is. */
export function hostOf(address: string | null | undefined): string {
	try {
		return new URL(address ?? "").host;
	} catch {
		return address ?? "";
	}
}
