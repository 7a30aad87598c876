/** What `functions/openapi.json` describes, as openapi-typescript writes it. `index.d.ts` has what is easier to use. */

export interface paths {
    "/functions/v1/advisory-bridge-webhook/{connection}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where the CRM bridge tells of changes */
        post: operations["post_advisory_bridge_webhook_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-clients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the clients */
        get: operations["get_advisory_clients"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-clients/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A client with accounts, positions and transactions */
        get: operations["get_advisory_clients_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The firm's connection to its CRM, and your own */
        get: operations["get_advisory_connect"];
        put?: never;
        /** Connects the firm to its CRM, by a key that the CRM takes */
        post: operations["post_advisory_connect"];
        /** Ends the firm's connection, and removes what was copied through it */
        delete: operations["delete_advisory_connect"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-connect/own": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Connects you to a CRM of your own; what comes through it only you see */
        post: operations["post_advisory_connect_own"];
        /** Ends your own connection, and removes what was copied through it */
        delete: operations["delete_advisory_connect_own"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-households": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the households */
        get: operations["get_advisory_households"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-meetings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts a meeting with a client of the firm's CRM */
        post: operations["post_advisory_meetings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-meetings/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a meeting of yours */
        post: operations["post_advisory_meetings_id_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-meetings/{id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records notes and outcomes of a meeting */
        post: operations["post_advisory_meetings_id_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renews the copies of the firm's clients and households */
        post: operations["post_advisory_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/advisory-sync/own": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renews the copies of the clients and households of your own CRM */
        post: operations["post_advisory_sync_own"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has the language model answer, as a schema says */
        post: operations["post_agency_complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-embed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes documents or interactions that are new or changed ready to be searched */
        post: operations["post_agency_embed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-hubspot-callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where people come back to from HubSpot */
        get: operations["get_agency_hubspot_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-hubspot-connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the organization's link to HubSpot stands */
        get: operations["get_agency_hubspot_connect"];
        put?: never;
        /** Begins to connect the organization to HubSpot */
        post: operations["post_agency_hubspot_connect"];
        /** Ends the organization's link to HubSpot */
        delete: operations["delete_agency_hubspot_connect"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-import/contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings HubSpot's contacts over, a part at once and the rest by the schedule */
        post: operations["post_agency_import_contacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-import/deals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings HubSpot's deals over, a part at once and the rest by the schedule */
        post: operations["post_agency_import_deals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/agency-search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Documents or interactions, by meaning */
        post: operations["post_agency_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-apply-date": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves an activity to the dates proposed for it */
        post: operations["post_assistant_apply_date"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-apply-draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes a draft into its activity */
        post: operations["post_assistant_apply_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of calls */
        get: operations["get_assistant_calls"];
        put?: never;
        /** Adds one to calls */
        post: operations["post_assistant_calls"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-calls/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches calls */
        post: operations["post_assistant_calls_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of calls */
        get: operations["get_assistant_calls_id"];
        put?: never;
        post?: never;
        /** Moves one of calls to the recycling bin */
        delete: operations["delete_assistant_calls_id"];
        options?: never;
        head?: never;
        /** Changes one of calls */
        patch: operations["patch_assistant_calls_id"];
        trace?: never;
    };
    "/functions/v1/assistant-calls/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of calls is associated with */
        get: operations["get_assistant_calls_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-calls/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of calls */
        put: operations["put_assistant_calls_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of calls */
        delete: operations["delete_assistant_calls_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-companies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of companies */
        get: operations["get_assistant_companies"];
        put?: never;
        /** Adds one to companies */
        post: operations["post_assistant_companies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-companies/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches companies */
        post: operations["post_assistant_companies_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-companies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of companies */
        get: operations["get_assistant_companies_id"];
        put?: never;
        post?: never;
        /** Moves one of companies to the recycling bin */
        delete: operations["delete_assistant_companies_id"];
        options?: never;
        head?: never;
        /** Changes one of companies */
        patch: operations["patch_assistant_companies_id"];
        trace?: never;
    };
    "/functions/v1/assistant-companies/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of companies is associated with */
        get: operations["get_assistant_companies_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-companies/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of companies */
        put: operations["put_assistant_companies_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of companies */
        delete: operations["delete_assistant_companies_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-contacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of contacts */
        get: operations["get_assistant_contacts"];
        put?: never;
        /** Adds one to contacts */
        post: operations["post_assistant_contacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-contacts/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches contacts */
        post: operations["post_assistant_contacts_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-contacts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of contacts */
        get: operations["get_assistant_contacts_id"];
        put?: never;
        post?: never;
        /** Moves one of contacts to the recycling bin */
        delete: operations["delete_assistant_contacts_id"];
        options?: never;
        head?: never;
        /** Changes one of contacts */
        patch: operations["patch_assistant_contacts_id"];
        trace?: never;
    };
    "/functions/v1/assistant-contacts/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of contacts is associated with */
        get: operations["get_assistant_contacts_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-contacts/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of contacts */
        put: operations["put_assistant_contacts_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of contacts */
        delete: operations["delete_assistant_contacts_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-deals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of deals */
        get: operations["get_assistant_deals"];
        put?: never;
        /** Adds one to deals */
        post: operations["post_assistant_deals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-deals/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches deals */
        post: operations["post_assistant_deals_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-deals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of deals */
        get: operations["get_assistant_deals_id"];
        put?: never;
        post?: never;
        /** Moves one of deals to the recycling bin */
        delete: operations["delete_assistant_deals_id"];
        options?: never;
        head?: never;
        /** Changes one of deals */
        patch: operations["patch_assistant_deals_id"];
        trace?: never;
    };
    "/functions/v1/assistant-deals/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of deals is associated with */
        get: operations["get_assistant_deals_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-deals/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of deals */
        put: operations["put_assistant_deals_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of deals */
        delete: operations["delete_assistant_deals_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-emails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of emails */
        get: operations["get_assistant_emails"];
        put?: never;
        /** Adds one to emails */
        post: operations["post_assistant_emails"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-emails/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches emails */
        post: operations["post_assistant_emails_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-emails/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of emails */
        get: operations["get_assistant_emails_id"];
        put?: never;
        post?: never;
        /** Moves one of emails to the recycling bin */
        delete: operations["delete_assistant_emails_id"];
        options?: never;
        head?: never;
        /** Changes one of emails */
        patch: operations["patch_assistant_emails_id"];
        trace?: never;
    };
    "/functions/v1/assistant-emails/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of emails is associated with */
        get: operations["get_assistant_emails_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-emails/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of emails */
        put: operations["put_assistant_emails_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of emails */
        delete: operations["delete_assistant_emails_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-hubspot-callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where people come back to from HubSpot */
        get: operations["get_assistant_hubspot_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-hubspot-connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your connections to HubSpot */
        get: operations["get_assistant_hubspot_connect"];
        put?: never;
        /** Begins to connect HubSpot */
        post: operations["post_assistant_hubspot_connect"];
        /** Ends a connection to HubSpot */
        delete: operations["delete_assistant_hubspot_connect"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-hubspot-webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where HubSpot sends its events */
        post: operations["post_assistant_hubspot_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-meetings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of meetings */
        get: operations["get_assistant_meetings"];
        put?: never;
        /** Adds one to meetings */
        post: operations["post_assistant_meetings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-meetings/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches meetings */
        post: operations["post_assistant_meetings_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-meetings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of meetings */
        get: operations["get_assistant_meetings_id"];
        put?: never;
        post?: never;
        /** Moves one of meetings to the recycling bin */
        delete: operations["delete_assistant_meetings_id"];
        options?: never;
        head?: never;
        /** Changes one of meetings */
        patch: operations["patch_assistant_meetings_id"];
        trace?: never;
    };
    "/functions/v1/assistant-meetings/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of meetings is associated with */
        get: operations["get_assistant_meetings_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-meetings/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of meetings */
        put: operations["put_assistant_meetings_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of meetings */
        delete: operations["delete_assistant_meetings_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of notes */
        get: operations["get_assistant_notes"];
        put?: never;
        /** Adds one to notes */
        post: operations["post_assistant_notes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-notes/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches notes */
        post: operations["post_assistant_notes_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-notes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of notes */
        get: operations["get_assistant_notes_id"];
        put?: never;
        post?: never;
        /** Moves one of notes to the recycling bin */
        delete: operations["delete_assistant_notes_id"];
        options?: never;
        head?: never;
        /** Changes one of notes */
        patch: operations["patch_assistant_notes_id"];
        trace?: never;
    };
    "/functions/v1/assistant-notes/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of notes is associated with */
        get: operations["get_assistant_notes_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-notes/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of notes */
        put: operations["put_assistant_notes_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of notes */
        delete: operations["delete_assistant_notes_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-process": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has drafts and dates proposed for an activity */
        post: operations["post_assistant_process"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-select": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Chooses one of a run's drafts */
        post: operations["post_assistant_select"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of tasks */
        get: operations["get_assistant_tasks"];
        put?: never;
        /** Adds one to tasks */
        post: operations["post_assistant_tasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-tasks/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Searches tasks */
        post: operations["post_assistant_tasks_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of tasks */
        get: operations["get_assistant_tasks_id"];
        put?: never;
        post?: never;
        /** Moves one of tasks to the recycling bin */
        delete: operations["delete_assistant_tasks_id"];
        options?: never;
        head?: never;
        /** Changes one of tasks */
        patch: operations["patch_assistant_tasks_id"];
        trace?: never;
    };
    "/functions/v1/assistant-tasks/{id}/associations/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one of tasks is associated with */
        get: operations["get_assistant_tasks_id_associations_kind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/assistant-tasks/{id}/associations/{kind}/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Associates one of tasks */
        put: operations["put_assistant_tasks_id_associations_kind_other"];
        post?: never;
        /** Ends an association of one of tasks */
        delete: operations["delete_assistant_tasks_id_associations_kind_other"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-analyse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The analysis of a conversation, made if there is none of what was said */
        post: operations["post_coaching_analyse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Drafts the message that follows from an analysis, with similar outcomes in view */
        post: operations["post_coaching_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-fathom-callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where people come back to from Fathom */
        get: operations["get_coaching_fathom_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-fathom-connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the account's link to Fathom stands */
        get: operations["get_coaching_fathom_connect"];
        put?: never;
        /** Begins to connect the account to Fathom */
        post: operations["post_coaching_fathom_connect"];
        /** Ends the account's link to Fathom */
        delete: operations["delete_coaching_fathom_connect"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-fathom-webhook/{connection}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where Fathom tells of recordings */
        post: operations["post_coaching_fathom_webhook_connection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-hubspot-callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where people come back to from HubSpot */
        get: operations["get_coaching_hubspot_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-hubspot-connect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the account's link to HubSpot stands */
        get: operations["get_coaching_hubspot_connect"];
        put?: never;
        /** Begins to connect the account to HubSpot */
        post: operations["post_coaching_hubspot_connect"];
        /** Ends the account's link to HubSpot */
        delete: operations["delete_coaching_hubspot_connect"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-hubspot-webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where HubSpot sends its events */
        post: operations["post_coaching_hubspot_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds an outcome, to be found again by its meaning */
        post: operations["post_coaching_outcomes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-similar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Past outcomes that are nearest to a situation */
        post: operations["post_coaching_similar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-sync/fathom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings a part of the account's recordings over from Fathom */
        post: operations["post_coaching_sync_fathom"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/coaching-sync/hubspot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings a part of the account's activities over from HubSpot */
        post: operations["post_coaching_sync_hubspot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/portal-baserow-webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where Baserow says which members were deleted */
        post: operations["post_portal_baserow_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/portal-deals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the deals */
        get: operations["get_portal_deals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/portal-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the events */
        get: operations["get_portal_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/portal-member": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your member record, with the fields it has now */
        get: operations["get_portal_member"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes your member record */
        patch: operations["patch_portal_member"];
        trace?: never;
    };
    "/functions/v1/portal-quick-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the quick links */
        get: operations["get_portal_quick_links"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/functions/v1/portal-sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Finds or adds the member that an account is */
        post: operations["post_portal_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            as_of: string;
            cash_cents: number | null;
            currency: string;
            household_id: string | null;
            id: string;
            kind: string | null;
            market_value_cents: number | null;
            name: string | null;
            number_ending: string | null;
            positions: components["schemas"]["Position"][];
            source: string;
            transactions: components["schemas"]["Transaction"][];
        };
        BaserowRow: {
            fields: Record<string, never>;
            id: string;
        };
        Change: {
            properties: {
                [key: string]: string | number | boolean | null;
            };
        };
        CoachingAnalysis: {
            account_id: string;
            analysed_at: string | null;
            conversation_id: string;
            error_code: string | null;
            id: string;
            model: string | null;
            scores: Record<string, never>;
            /** @enum {unknown} */
            status: "running" | "succeeded" | "failed";
            summary: string | null;
            team_id: string | null;
            user_id: string | null;
        };
        CoachingConnection: {
            account_id: string;
            external_account_id: string | null;
            id: string;
            last_error: string | null;
            last_synced_at: string | null;
            reconnect: boolean;
            scopes: string[];
            /** @enum {unknown} */
            status: "pending" | "active" | "expired" | "revoked";
            token_expires_at: string | null;
        };
        CoachingLesson: {
            account_id: string;
            id: string;
            outcome: string;
            rating: number | null;
            similarity: number;
            situation: string;
            user_id: string | null;
        };
        CoachingMessage: {
            account_id: string;
            acknowledged_at: string | null;
            author_id: string | null;
            body: string;
            conversation_analysis_id: string | null;
            id: string;
            sent_at: string | null;
            /** @enum {unknown} */
            status: "draft" | "sent" | "acknowledged";
            team_id: string | null;
            user_id: string;
        };
        CoachingOutcome: {
            account_id: string;
            coaching_message_id: string | null;
            created_at: string;
            id: string;
            outcome: string;
            rating: number | null;
            situation: string;
            team_id: string | null;
            updated_at: string;
            user_id: string | null;
        };
        Connection: {
            last_error: string | null;
            portal_id: string;
            reconnect: boolean;
            scopes: string[];
            /** @enum {unknown} */
            status: "active" | "expired" | "revoked";
            token_expires_at: string;
        };
        CrmClient: {
            as_of: string;
            email: string | null;
            first_name: string | null;
            household: {
                id: string;
                name: string;
                title: string | null;
            } | null;
            id: string;
            last_name: string | null;
            name: string;
            phone: string | null;
            source: string;
            status: string | null;
            updated_at: string | null;
        };
        CrmConnection: {
            firm: string | null;
            holdings: boolean;
            last_error: string | null;
            last_synced_at: string | null;
            /** @enum {unknown} */
            provider: "bridge" | "wealthbox";
            reconnect: boolean;
            schwab_environment: string | null;
            /** @enum {unknown} */
            status: "active" | "expired" | "revoked";
            /** @enum {unknown} */
            whose: "firm" | "own";
        };
        CrmHousehold: {
            as_of: string;
            id: string;
            name: string;
            source: string;
            status: string | null;
            updated_at: string | null;
        };
        Draft: {
            applied_at?: string | null;
            confidence?: number;
            draft_text: string;
            id: string;
            log_id?: string;
            selected: boolean;
            tone: string;
        };
        Member: {
            fields: Record<string, never>;
            id: string;
            schema: {
                choices: string[];
                name: string;
                type: string;
                writable: boolean;
            }[];
        };
        NewRecord: {
            associations?: {
                id: string;
                kind: string;
            }[];
            properties: {
                [key: string]: string | number | boolean | null;
            };
        };
        Page: {
            next: string | null;
            results: components["schemas"]["Record"][];
            total: number | null;
        };
        Position: {
            as_of: string;
            description: string | null;
            id: string;
            market_value_cents: number | null;
            price: string | null;
            quantity: string;
            source: string;
            symbol: string | null;
        };
        Problem: {
            code: string;
            details: string | null;
            hint: string | null;
            message: string;
            request_id: string;
        };
        Record: {
            archived: boolean;
            created_at: string;
            id: string;
            properties: {
                [key: string]: string | null;
            };
            updated_at: string;
            url: string | null;
        };
        Run: {
            activity_id: string;
            activity_type: string;
            activity_updated_at: string | null;
            confidence_scores: Record<string, never>;
            dates: {
                applied: boolean;
                confidence: number;
                id: string;
                recommended_due: string | null;
                recommended_start: string | null;
            }[];
            drafts: components["schemas"]["Draft"][];
            id: string;
            model: string | null;
            processed_at: string | null;
            /** @enum {unknown} */
            status: "running" | "succeeded" | "failed";
        };
        Search: {
            after?: string;
            filters?: {
                high_value?: string;
                /** @enum {unknown} */
                operator: "BETWEEN" | "CONTAINS_TOKEN" | "EQ" | "GT" | "GTE" | "HAS_PROPERTY" | "IN" | "LT" | "LTE" | "NEQ" | "NOT_CONTAINS_TOKEN" | "NOT_HAS_PROPERTY" | "NOT_IN";
                property: string;
                value?: string;
                values?: string[];
            }[];
            limit?: number;
            query?: string;
            sort?: string;
        };
        Transaction: {
            amount_cents: number;
            as_of: string;
            description: string | null;
            id: string;
            kind: string;
            occurred_at: string;
            quantity: string | null;
            source: string;
            symbol: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    post_advisory_bridge_webhook_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                connection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        repeated: number;
                        stored: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_advisory_clients: {
        parameters: {
            query?: {
                search?: string;
                page?: number;
                size?: number;
                fresh?: boolean;
                connection?: "firm" | "own";
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        age_seconds: number;
                        fetched_at: string;
                        next: number | null;
                        results: components["schemas"]["CrmClient"][];
                        stale: boolean;
                        total: number | null;
                        warning: {
                            code: string;
                            message: string;
                        } | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_advisory_clients_id: {
        parameters: {
            query?: {
                fresh?: boolean;
                connection?: "firm" | "own";
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accounts: components["schemas"]["Account"][] | null;
                        age_seconds: number;
                        client: components["schemas"]["CrmClient"];
                        fetched_at: string;
                        stale: boolean;
                        warning: {
                            code: string;
                            message: string;
                        } | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_advisory_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connections: components["schemas"]["CrmConnection"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    key: string;
                    /** @enum {unknown} */
                    provider: "bridge" | "wealthbox";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CrmConnection"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_advisory_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        provider: string;
                        /** @constant */
                        status: "disconnected";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_connect_own: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    key: string;
                    /** @enum {unknown} */
                    provider: "bridge" | "wealthbox";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CrmConnection"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_advisory_connect_own: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        provider: string;
                        /** @constant */
                        status: "disconnected";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_advisory_households: {
        parameters: {
            query?: {
                search?: string;
                page?: number;
                size?: number;
                fresh?: boolean;
                connection?: "firm" | "own";
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        age_seconds: number;
                        fetched_at: string;
                        next: number | null;
                        results: components["schemas"]["CrmHousehold"][];
                        stale: boolean;
                        total: number | null;
                        warning: {
                            code: string;
                            message: string;
                        } | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_meetings: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    crm_client_id: string;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        advisor_id: string | null;
                        client_name: string;
                        crm_client_id: string;
                        crm_household_id: string | null;
                        ended_at: string | null;
                        household_id: string | null;
                        id: string;
                        started_at: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_meetings_id_end: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        advisor_id: string | null;
                        crm_client_id: string;
                        crm_household_id: string | null;
                        ended_at: string | null;
                        household_id: string | null;
                        id: string;
                        started_at: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_meetings_id_records: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    notes?: string | null;
                    outcomes?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        author_id: string | null;
                        created_at: string;
                        id: string;
                        notes: string | null;
                        outcomes: string | null;
                        session_id: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_sync: {
        parameters: {
            query?: {
                all?: boolean;
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        clients: number;
                        complete: boolean;
                        held_back: boolean;
                        households: number;
                        /** @enum {unknown} */
                        listing: "all" | "changes";
                        provider: string;
                        removals: {
                            [key: string]: {
                                absent: number;
                                removed: number;
                                total: number;
                            };
                        };
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_advisory_sync_own: {
        parameters: {
            query?: {
                all?: boolean;
                /** @description Whose; needed by those who may do this in several */
                firm_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        clients: number;
                        complete: boolean;
                        held_back: boolean;
                        households: number;
                        /** @enum {unknown} */
                        listing: "all" | "changes";
                        provider: string;
                        removals: {
                            [key: string]: {
                                absent: number;
                                removed: number;
                                total: number;
                            };
                        };
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_complete: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    fresh?: boolean;
                    /** Format: uuid */
                    project_id?: string;
                    prompt: string;
                    purpose: string;
                    schema?: Record<string, never>;
                    system?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        answer: Record<string, never>;
                        cached: boolean;
                        completion_tokens: number;
                        cost_cents: number;
                        model: string;
                        prompt_tokens: number;
                        repaired: boolean;
                        run_id: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_embed: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    within: "documents" | "interactions";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        embedded: number;
                        more: boolean;
                        run_id: string | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_agency_hubspot_callback: {
        parameters: {
            query?: {
                code?: string;
                state?: string;
                error?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        hubspot: "connected" | "refused";
                        org_id: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_agency_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connection: {
                            last_error: string | null;
                            portal_id: string | null;
                            reconnect: boolean;
                            scopes: string[];
                            /** @enum {unknown} */
                            status: "pending" | "active" | "expired" | "revoked";
                        } | null;
                        org_id: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    return_to?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expires_in: number;
                        url: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_agency_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        org_id: string;
                        revoked_at_hubspot: boolean;
                        /** @constant */
                        status: "revoked";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_import_contacts: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    after?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        created: number;
                        next: string | null;
                        retired: number;
                        unchanged: number;
                        updated: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_import_deals: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    after?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        created: number;
                        next: string | null;
                        retired: number;
                        unchanged: number;
                        updated: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_agency_search: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                org_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    count?: number;
                    query: string;
                    /** @enum {unknown} */
                    within: "documents" | "interactions";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cached: boolean;
                        results: Record<string, never>[];
                        run_id: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_apply_date: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    date_id: string;
                    over?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        dates?: Record<string, never> | null;
                        id?: string;
                        of?: string;
                        reason?: string | null;
                        /** @enum {unknown} */
                        status: "applied" | "pending";
                    };
                };
            };
            /** @description It is recorded, and will be done */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        dates?: Record<string, never> | null;
                        id?: string;
                        of?: string;
                        reason?: string | null;
                        /** @enum {unknown} */
                        status: "applied" | "pending";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_apply_draft: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    draft_id: string;
                    /** @enum {unknown} */
                    mode?: "append" | "replace";
                    over?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        draft?: Record<string, never> | null;
                        id?: string;
                        of?: string;
                        reason?: string | null;
                        /** @enum {unknown} */
                        status: "applied" | "pending";
                    };
                };
            };
            /** @description It is recorded, and will be done */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        draft?: Record<string, never> | null;
                        id?: string;
                        of?: string;
                        reason?: string | null;
                        /** @enum {unknown} */
                        status: "applied" | "pending";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_calls: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_calls: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_calls_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_calls_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_calls_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_calls_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_calls_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_calls_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_calls_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_companies: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_companies: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_companies_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_companies_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_companies_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_companies_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_companies_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_companies_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_companies_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_contacts: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_contacts: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_contacts_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_contacts_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_contacts_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_contacts_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_contacts_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_contacts_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_contacts_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_deals: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_deals: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_deals_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_deals_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_deals_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_deals_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_deals_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_deals_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_deals_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_emails: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_emails: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_emails_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_emails_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_emails_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_emails_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_emails_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_emails_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_emails_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_hubspot_callback: {
        parameters: {
            query?: {
                code?: string;
                state?: string;
                error?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        hubspot: "connected" | "refused";
                        portal_id: string | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_hubspot_connect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        connections: components["schemas"]["Connection"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_hubspot_connect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    return_to?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expires_in: number;
                        url: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_hubspot_connect: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        portal_id: string;
                        revoked_at_hubspot: boolean;
                        /** @constant */
                        status: "revoked";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_hubspot_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>[];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        repeated: number;
                        stored: number;
                        unreadable: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_meetings: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_meetings: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_meetings_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_meetings_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_meetings_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_meetings_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_meetings_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_meetings_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_meetings_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_notes: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_notes: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_notes_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_notes_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_notes_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_notes_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_notes_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_notes_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_notes_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_process: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    activity_id: string;
                    /** @enum {unknown} */
                    activity_type: "calls" | "emails" | "meetings" | "notes" | "tasks";
                    tones?: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_select: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    draft_id: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_tasks: {
        parameters: {
            query?: {
                limit?: number;
                after?: string;
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_tasks: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_assistant_tasks_search: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Search"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_tasks_id: {
        parameters: {
            query?: {
                properties?: string;
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_tasks_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_assistant_tasks_id: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_assistant_tasks_id_associations_kind: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        kind: string;
                        results: {
                            id: string;
                        }[];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_assistant_tasks_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_assistant_tasks_id_associations_kind_other: {
        parameters: {
            query?: {
                portal?: string;
            };
            header?: never;
            path: {
                id: string;
                kind: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_analyse: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    conversation_id: string;
                    fresh?: boolean;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CoachingAnalysis"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_draft: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    analysis_id: string;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        message: components["schemas"]["CoachingMessage"];
                        similar: components["schemas"]["CoachingLesson"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_coaching_fathom_callback: {
        parameters: {
            query?: {
                code?: string;
                state?: string;
                error?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        /** @enum {unknown} */
                        fathom: "connected" | "refused";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_coaching_fathom_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        connection: components["schemas"]["CoachingConnection"] | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_fathom_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    return_to?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expires_in: number;
                        url: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_coaching_fathom_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        revoked_there: boolean;
                        /** @constant */
                        status: "revoked";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_fathom_webhook_connection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                connection: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        repeated: number;
                        stored: number;
                        unreadable: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_coaching_hubspot_callback: {
        parameters: {
            query?: {
                code?: string;
                state?: string;
                error?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        /** @enum {unknown} */
                        hubspot: "connected" | "refused";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_coaching_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        connection: components["schemas"]["CoachingConnection"] | null;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    return_to?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expires_in: number;
                        url: string;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_coaching_hubspot_connect: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        revoked_there: boolean;
                        /** @constant */
                        status: "revoked";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_hubspot_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>[];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        repeated: number;
                        stored: number;
                        unreadable: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_outcomes: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: {
                /** @description The same request again under the same key gets the same answer, for 24 hours */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    coaching_message_id?: string;
                    outcome: string;
                    rating?: number | null;
                    situation: string;
                    /** Format: uuid */
                    team_id?: string;
                    /** Format: uuid */
                    user_id?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        embedded: boolean;
                        outcome: components["schemas"]["CoachingOutcome"];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_similar: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    count?: number;
                    situation: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        results: components["schemas"]["CoachingLesson"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_sync_fathom: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        added: number;
                        changed: number;
                        more: boolean;
                        /** @enum {unknown} */
                        provider: "fathom" | "hubspot";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_coaching_sync_hubspot: {
        parameters: {
            query?: {
                /** @description Whose; needed by those who may do this in several */
                account_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        account_id: string;
                        added: number;
                        changed: number;
                        more: boolean;
                        /** @enum {unknown} */
                        provider: "fathom" | "hubspot";
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_portal_baserow_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        repeated: number;
                        stored: number;
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_portal_deals: {
        parameters: {
            query?: {
                page?: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        next: number | null;
                        results: components["schemas"]["BaserowRow"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_portal_events: {
        parameters: {
            query?: {
                page?: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        next: number | null;
                        results: components["schemas"]["BaserowRow"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_portal_member: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_portal_member: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    fields: Record<string, never>;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_portal_quick_links: {
        parameters: {
            query?: {
                page?: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        count: number;
                        next: number | null;
                        results: components["schemas"]["BaserowRow"][];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_portal_sync: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        linked: "already" | "found" | "created";
                        member: components["schemas"]["BaserowRow"];
                    };
                };
            };
            /** @description It failed */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
