/* The secret of an endpoint, shown once, and of ed25519 the key that its receiver needs in place of it. */

import type { Webhook } from "../../api/resources";
import { Copy, Typed } from "../../parts/small";
import { endpointName } from "../../words/host";
import { rich, t } from "../../words/message";
import { SecretDialog } from "../keys/Secret";

export function EndpointSecret({ of, close }: { of: Webhook; close: () => void }) {
	return (
		<SecretDialog
			title={rich("webhooks.new.theSecretOf", { endpointName: <Typed>{endpointName(of.attributes)}</Typed> })}
			secret={of.attributes.secret ?? ""}
			close={close}
		>
			<PublicKey of={of} />
		</SecretDialog>
	);
}

/** Of ed25519 the receiver has another key than the sender. */
export function PublicKey({ of }: { of: Webhook }) {
	if (!of.attributes.publicKey) return null;
	return (
		<p className="second">
			{rich("webhooks.about.theReceiverDoesNotNeed", {
				value: <Copy text={of.attributes.publicKey} what={t("webhooks.about.publicKey")} />,
			})}
		</p>
	);
}
