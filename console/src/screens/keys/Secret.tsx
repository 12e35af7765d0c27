/* A secret, shown once: it leaves the page when the dialog closes, and it is asked about before it goes with the page. */

import "../../styles/reading.css";
import type { ReactNode } from "react";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icons";
import { copy } from "../../parts/live";
import { Button } from "../../parts/small";
import { useUnsaved } from "../../parts/unsaved";
import { t } from "../../words/message";

/** children say what is done with it. */
export function SecretDialog({
	title,
	secret,
	what = "secret",
	close,
	children,
}: {
	title: ReactNode;
	secret: string;
	what?: "secret" | "link";
	close: () => void;
	children?: ReactNode;
}) {
	const link = what === "link";
	const forget = useUnsaved(true);
	const stored = () => {
		forget();
		close();
	};
	return (
		<Dialog
			title={title}
			intro={t("keys.secret.itIsShownThisOnce")}
			stays
			close={stored}
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={stored}>
						{link ? t("organization.invitations.iHaveHandedItOver") : t("keys.secret.iHaveStoredIt")}
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				<div className="secret">
					<span className="break">{secret}</span>
					<button
						className="button end"
						data-square
						type="button"
						aria-label={link ? t("organization.invitations.copyTheLink") : t("keys.secret.copyTheSecret")}
						onClick={() => void copy(secret, link ? t("common.theLink") : t("keys.secret.theSecret"))}
					>
						<Icon name="copy" />
					</button>
				</div>
				{children}
			</div>
		</Dialog>
	);
}
