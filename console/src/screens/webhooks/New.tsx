/* A new endpoint, and then its secret, which is shown once. */

import { useState } from "react";
import type { Webhook } from "../../api/resources";
import EndpointForm from "./Form";
import { EndpointSecret } from "./Secret";

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
		<EndpointSecret
			of={endpoint}
			close={() => {
				close();
				made(endpoint);
			}}
		/>
	);
}
