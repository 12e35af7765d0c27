/* A new endpoint, and then its secret, which is shown once. */

import { useState } from "react";
import type { Webhook } from "../../api/resources";
import { Typed } from "../../parts/small";
import { SecretDialog } from "../keys/Secret";
import { endpointName } from "../../words/host";
import { PublicKey } from "./About";
import EndpointForm from "./Form";
import { rich } from "../../words/message";

interface NewProps {
	organization: string;
	may: (word: string) => boolean;
	/** Called when the secret is stored. */
	made: (w: Webhook) => void;
	close: () => void;
}

export default function NewEndpoint({ organization, may, made, close }: NewProps) {
	const [endpoint, setEndpoint] = useState<Webhook | null>(null);
	if (!endpoint) {
		return <EndpointForm organization={organization} may={may} made={setEndpoint} close={close} />;
	}
	return (
		<SecretDialog
			title={<>{rich("webhooks.new.theSecretOf", { endpointName: <Typed>{endpointName(endpoint.attributes)}</Typed> })}</>}
			secret={endpoint.attributes.secret ?? ""}
			close={() => {
				close();
				made(endpoint);
			}}
		>
			<PublicKey of={endpoint} />
		</SecretDialog>
	);
}
