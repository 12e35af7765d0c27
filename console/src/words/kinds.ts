/** The kinds of organizations, as the API names them. */
export const kinds = ["company", "subsidiary", "branch", "partner", "client", "supplier", "project", "other"];
