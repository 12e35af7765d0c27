/* Sending everything again that failed since a time. */

import { useState } from "react";
import { url } from "../../api/client";
import { totalOf } from "../../api/document";
import type { Delivery, Webhook } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Choice } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Typed } from "../../parts/small";
import { count, digits } from "../../words/count";
import { short } from "../../words/time";

const hour = 3_600_000;

export function ReplayDialog({ webhook, name, close }: { webhook: Webhook; name: string; close: () => void }) {
	const since = webhook.attributes.health?.failingSince;
	const [from, setFrom] = useState(since ?? back(24));
	const failed = useRead<Delivery[]>(
		url("webhookDeliveries", {
			"filter[webhookId]": webhook.id,
			"filter[state]": "failed",
			"filter[createdAt][gte]": from,
			"fields[webhookDeliveries]": "state",
			"page[size]": 1,
		}),
		{ keep: true },
	);
	const total = totalOf(failed.data);
	const send = useSend(() => {
		close();
		notify(`${total === undefined ? "They are" : count(total, "delivery is", "deliveries are")} being sent again`);
	});
	const submit = () =>
		send.mutate({
			to: url("webhookReplays"),
			method: "POST",
			body: {
				data: {
					type: "webhookReplays",
					attributes: { kind: "failed", since: from },
					relationships: { webhook: { data: { type: "webhooks", id: webhook.id } } },
				},
			},
		});
	const options = [
		...(since ? [{ value: since, label: `since it fails, ${short(since)}` }] : []),
		{ value: back(1), label: "of the last hour" },
		{ value: back(24), label: "of the last day" },
		{ value: back(24 * 7), label: "of the last week" },
		{ value: back(24 * 30), label: "of the last 30 days" },
	];
	return (
		<FormDialog
			title="Send failed ones again"
			intro={
				<>
					What failed at <Typed>{name}</Typed> goes out with its old <span className="mono">webhook-id</span>, beside what happens
					now.
				</>
			}
			close={close}
			submit={() => total !== 0 && submit()}
			buttons={
				<>
					<Button kind="main" type="submit" not={total === 0 && "None has failed in that time"}>
						{total === undefined ? "Send again" : `Send ${digits(total)} again`}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} />
			<Choice
				label="Which"
				value={from}
				onChange={setFrom}
				options={options}
				hint={
					total === undefined
						? undefined
						: total === 0
							? "None has failed in that time. What still has tries left goes out by itself."
							: `${count(total, "delivery has", "deliveries have")} used up all tries.`
				}
			/>
		</FormDialog>
	);
}

/** Returns a time so many hours ago, the same within a minute. */
function back(hours: number): string {
	return new Date(Math.floor(Date.now() / 60_000) * 60_000 - hours * hour).toISOString();
}
