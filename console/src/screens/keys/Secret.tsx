/* A secret, shown once: it leaves the page when the dialog closes. */

import type { ReactNode } from "react";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icons";
import { copy } from "../../parts/live";
import { Button } from "../../parts/small";
import { t } from "../../words/message";

/** children say what is done with it. */
export function SecretDialog({
	title,
	secret,
	close,
	children,
}: {
	title: ReactNode;
	secret: string;
	close: () => void;
	children?: ReactNode;
}) {
	return (
		<Dialog
			title={title}
			intro={t("keys.secret.itIsShownThisOnce")}
			stays
			close={close}
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={close}>
						{t("keys.secret.iHaveStoredIt")}
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
						aria-label={t("keys.secret.copyTheSecret")}
						onClick={() => void copy(secret, t("keys.secret.theSecret"))}
					>
						<Icon name="copy" />
					</button>
				</div>
				{children}
			</div>
		</Dialog>
	);
}
