/* The keys of an organization. */

import { useState } from "react";
import { url } from "../../api/client";
import type { ApiKey } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useCurl } from "../../frame/page";
import { Export } from "../../parts/export";
import { Button, Empty } from "../../parts/small";
import { AsCurl } from "../../parts/as-curl";
import { Listing } from "../../parts/listing";
import { CreateKey } from "../keys/Create";
import { KeyTable } from "../keys/KeyTable";
import { useMakesKeys } from "../keys/rights";
import { SecretDialog } from "../keys/Secret";
import { Token } from "../keys/Token";
import type { TabProps } from "./Organization";
import { t } from "../../words/message";

export default function Keys({ id, answer, me, may }: TabProps) {
	const [over, setOver] = useState(false);
	const [made, setMade] = useState<ApiKey | null>(null);
	const request = url("apiKeys", { "filter[organizationId]": id, sort: "-createdAt", "page[size]": 100 });
	useCurl(request);
	const list = usePages<ApiKey>(request);
	const manages = me?.type === "apiKeys" && me.attributes.kind === "management";
	const not = useMakesKeys(id);
	const create = (
		<Button icon="plus" not={not} onClick={() => setOver(true)}>
			{t("common.newKey")}
		</Button>
	);
	return (
		<div className="stack gap4">
			<Listing
				list={list}
				what="list.keys"
				empty={
					<Empty
						title={t("organization.keys.noKeyYet")}
						action={
							<div className="row wrap">
								{create}
								<AsCurl
									path="apiKeys"
									body={{
										data: {
											type: "apiKeys",
											attributes: { kind: "organization", name: "Billing", scopes: ["organizations:read"] },
											relationships: { organization: { data: { type: "organizations", id } } },
										},
									}}
								/>
							</div>
						}
					>
						{t("organization.keys.aKeyIsTheCredential")}
					</Empty>
				}
			>
				<div className="row">
					{create}
					<span className="end">
						<Export of={request} what="keys" />
					</span>
				</div>
				<KeyTable list={list} included={list.included} />
			</Listing>
			<Token
				answer={answer}
				not={!manages ? t("organization.keys.itTakesAManagementKey") : !may("*") && t("organization.keys.itTakesAManagementKey2")}
			/>
			{over && (
				<CreateKey
					organization={id}
					may={may}
					close={() => setOver(false)}
					made={(k) => {
						setOver(false);
						setMade(k);
					}}
				/>
			)}
			{made && (
				<SecretDialog
					title={t("common.theSecretOf", { name: made.attributes.name })}
					secret={made.attributes.key ?? ""}
					close={() => setMade(null)}
				/>
			)}
		</div>
	);
}
