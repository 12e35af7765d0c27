/* Find's field as it stands on a page: pressing it opens Find itself. Where there is no Find, as in a portal, it is not there. */

import { createContext, useContext } from "react";
import { Icon } from "./icons";
import { t } from "../words/message";

const Opener = createContext<(() => void) | null>(null);

/** Says what opens Find. */
export const FindProvider = Opener.Provider;

export function FindField({ className = "" }: { className?: string }) {
	const open = useContext(Opener);
	if (!open) return null;
	return (
		<button className={`find ${className}`} type="button" onClick={open}>
			<Icon name="search" />
			<span className="cut">{t("common.findOrPasteAnything")}</span>
			<span className="end row wide-only-flex">
				<kbd>{t("frame.frame.ctrlK")}</kbd>
			</span>
		</button>
	);
}
