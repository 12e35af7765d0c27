/* The token of an organization: a credential for everything in it, which is replaced and never shown. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Organization } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Button, Section } from "../../parts/small";
import { useUnsaved } from "../../parts/unsaved";
import { SecretDialog } from "./Secret";
import { rich, t } from "../../words/message";

interface TokenProps {
	answer: Answer<Organization>;
	/** Why the caller cannot replace it. */
	not: string | false;
}

export function Token({ answer, not }: TokenProps) {
	const [over, setOver] = useState(false);
	const [token, setToken] = useState<string | null>(null);
	const name = answer.data.attributes.name ?? "";
	return (
		<Section
			id="token"
			title={t("keys.token.theTokenOfTheOrganization")}
			more={
				<span className="end">
					<Button small not={not} onClick={() => setOver(true)}>
						{t("keys.token.refresh")}
					</Button>
				</span>
			}
		>
			<p className="second">{t("keys.token.itMayDoEverythingWithin")}</p>
			{over && (
				<Refresh
					answer={answer}
					close={() => setOver(false)}
					made={(made) => {
						setOver(false);
						setToken(made);
					}}
				/>
			)}
			{token && <SecretDialog title={t("keys.token.theNewTokenOf", { name })} secret={token} close={() => setToken(null)} />}
		</Section>
	);
}

function Refresh({ answer, close, made }: { answer: Answer<Organization>; close: () => void; made: (token: string) => void }) {
	const [typed, setTyped] = useState("");
	const { id, attributes } = answer.data;
	const send = useSend<Organization>((a) => made(a.data.attributes.token ?? ""));
	useUnsaved(send.isPending); // the token that is on its way is shown once
	const not = typed !== attributes.slug && t("common.typeTheSlugFirst");
	return (
		<FormDialog
			title={t("keys.token.refreshTheToken")}
			close={close}
			submit={() => send.mutate({ to: url(`management/refresh-token/${id}`), method: "POST" })}
			act={t("keys.token.refreshAndEndTheOld")}
			danger
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			<p>{t("keys.token.theOldTokenIsDead")}</p>
			<Field
				label={rich("common.type2", { slug: <span className="mono">{attributes.slug}</span> })}
				value={typed}
				onChange={(e) => setTyped(e.target.value)}
				autoComplete="off"
				spellCheck={false}
			/>
		</FormDialog>
	);
}
