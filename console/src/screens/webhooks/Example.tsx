/* Sends an endpoint an example of a type of event: what a receiver does when that happens is seen without having it happen. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Delivery, Webhook } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Choice } from "../../parts/field";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { everything, useEventTypes } from "./event-types";
import { rich, t } from "../../words/message";

interface ExampleProps {
	webhook: Webhook;
	name: string;
	close: () => void;
	sent: () => void;
}

export default function Example({ webhook, name, close, sent }: ExampleProps) {
	const types = useEventTypes() ?? [];
	const [chosen, choose] = useState("");
	// What it gets is what its receiver knows.
	const first = types.find((type) => gets(webhook.attributes.eventTypes ?? [], type.name)) ?? types[0];
	const type = types.find((one) => one.name === chosen) ?? first;
	const send = useSend<Delivery>(() => {
		close();
		notify(t("webhooks.example.isOnItsWay", { type: type?.name ?? "" }));
		sent();
	});
	const not = !type && t("webhooks.example.theTypesAreOnTheirWay");
	return (
		<FormDialog
			title={rich("webhooks.example.sendAnExample", { name: <Typed>{name}</Typed> })}
			intro={t("webhooks.example.nothingInItIsThere")}
			close={close}
			submit={() =>
				send.mutate({ to: url(`webhooks/${webhook.id}/test`), method: "POST", body: { meta: { eventType: type?.name } } })
			}
			act={t("webhooks.example.send", { type: type?.name ?? "" })}
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			<Choice
				label={t("common.type")}
				hint={type?.description}
				value={type?.name ?? ""}
				onChange={choose}
				options={types.map((one) => ({ value: one.name, label: one.name }))}
			/>
		</FormDialog>
	);
}

/** Reports whether an endpoint gets a type by what it subscribes to. */
function gets(patterns: string[], type: string): boolean {
	if (patterns.length === 0 || patterns.includes(everything)) return !type.startsWith("webhook.");
	return patterns.some((pattern) => pattern === type || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1))));
}
