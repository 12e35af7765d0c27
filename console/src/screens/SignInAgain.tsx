/* Over a page whose session has ended: what is typed into it stays. */

import { ask, url } from "../api/client";
import { credentialThere } from "../api/credential";
import type { Me } from "../api/me";
import { queries } from "../api/query";
import { letGo } from "../parts/unsaved";
import { Dialog } from "../parts/dialog";
import { prefer } from "../parts/preferences";
import { SignInForm } from "./sign-in-form";
import { t } from "../words/message";

export default function SignInAgain({ who }: { who: Me }) {
	const done = async () => {
		const answer = await ask<Me>(url("me"));
		if (answer.data.id !== who.id) {
			letGo();
			queries.clear(); // somebody else: nothing of before is for them
			prefer({ last: undefined });
			location.assign("/console/");
			return;
		}
		credentialThere();
		await queries.invalidateQueries();
	};
	return (
		<Dialog
			title={t("screens.signInAgain.yourSessionHasEnded")}
			intro={t("screens.signInAgain.signInAgainWhatYou")}
			stays
			close={() => undefined}
			foot={null}
		>
			<div className="dialog-body">
				<SignInForm
					email={who.attributes.email ?? undefined}
					to={location.pathname.slice("/console".length)}
					done={() => void done()}
				/>
			</div>
		</Dialog>
	);
}
