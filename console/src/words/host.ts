/* What an address is called by. */

/** Returns the host of an address, and what is no address as it is. */
export function hostOf(address: string | null | undefined): string {
	try {
		return new URL(address ?? "").host;
	} catch {
		return address ?? "";
	}
}
